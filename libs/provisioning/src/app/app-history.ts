import type { AppEvent } from '@tenure/contracts';
import { decoder, Rejected, streamName, type EventSource, type Instant } from '@tenure/eventing';
import { z } from 'zod';
import { presets } from '../presets/index.ts';
import { appAggregate } from './app.aggregate.ts';
import { advanceApp, configOf, type AppRecord } from './app.record.ts';
import { appReply } from './app.bodies.ts';
import { missingOf, stepsOf } from './app.steps.ts';
import { newestRules } from './rule-sets.ts';

/** An app as it was: what it shows of itself, and beside it all that was set; of secrets the hint (R80). */
export const pastAppReply = appReply.omit({ threshold: true, jobs: true }).extend({
  asOf: z.string(),
  configuration: z.object({
    credentials: z.object({ kind: z.string(), hint: z.string(), setAt: z.string() }).nullable(),
    test: z.object({ outcome: z.string(), reason: z.string().optional(), at: z.string().optional() }),
    endpoint: z.record(z.string(), z.json()).nullable(),
    connection: z.record(z.string(), z.json()).nullable(),
    attributes: z.json(),
    scope: z.json(),
    assignments: z.json(),
    deprovisioning: z.json(),
    approvals: z.array(z.string()),
    threshold: z.json(),
    rules: z.json(),
    entitlements: z.json(),
    ownership: z.json(),
    reconciliation: z.json(),
  }),
});
export type PastAppReply = z.output<typeof pastAppReply>;

const MOST_EVENTS = 100_000;

/** With all that had occurred up to and at the instant. Whether it lacks groups or a feature is only known of now. */
export const appAsOf = ({ store, sealer }: Pick<EventSource, 'store' | 'sealer'>) => {
  const decode = decoder(sealer, appAggregate.events);

  return async (tenantId: string, appId: string, asOf: Instant): Promise<PastAppReply> => {
    const events = await store.read(streamName(appAggregate.category, tenantId, appId), { limit: MOST_EVENTS });
    if (events.length === 0) throw new Rejected('not-found', 'app/not-found', 'There is no such app.');
    let record: AppRecord | undefined;
    let version = 0;
    for (const stored of events) {
      if (stored.metadata.occurredAt > asOf) break;
      record = advanceApp(record, await decode<AppEvent>(stored));
      version = stored.revision;
    }
    if (!record) throw new Rejected('not-found', 'app/not-yet', 'There was no such app then.');
    const config = configOf(tenantId, appId, record);
    if (!config) throw new Rejected('not-found', 'app/not-found', 'The app had been deleted by then.');
    const nothingVanished = { groups: new Set<string>(), roles: new Set<string>() };
    const { credentials } = config;
    return {
      id: appId,
      name: config.name,
      preset: config.preset,
      sso: config.sso,
      state: config.state,
      capabilities: presets[config.preset].capabilities,
      steps: stepsOf(config, nothingVanished),
      missing: missingOf(config, nothingVanished),
      version,
      createdAt: record.createdAt,
      updatedAt: record.updatedAt,
      asOf,
      configuration: {
        credentials: credentials && { kind: credentials.kind, hint: credentials.hint, setAt: credentials.setAt },
        test: config.test,
        endpoint: config.endpoint && { ...config.endpoint },
        connection: config.connection && JSON.parse(JSON.stringify(config.connection)),
        attributes: config.attributes as never,
        scope: config.scope as never,
        assignments: config.assignments as never,
        deprovisioning: config.deprovisioning as never,
        approvals: [...config.approvals],
        threshold: config.threshold as never,
        rules: newestRules(config).rules as never,
        entitlements: config.entitlements as never,
        ownership: config.ownership as never,
        reconciliation: config.reconciliation as never,
      },
    };
  };
};
