import { randomUUID } from 'node:crypto';
import { RecordAttempt, type ReplyOf } from '@tenure/contracts';
import type { CommandMessage } from '@tenure/messaging';
import { runCommand, type CommandDeps, type CommandPlace } from '../command/run-command.ts';
import type { TenantQueries } from '../tenant/tenant.queries.ts';
import { attemptAggregate } from './attempt.aggregate.ts';
import { attemptRate, type AttemptRate, WINDOW_MS } from './attempt-rate.ts';

export type AttemptCommandDeps = CommandDeps & {
  tenants: Pick<TenantQueries, 'get'>;
  onFailure: (error: unknown) => void;
  rate?: AttemptRate;
};

export type AttemptCommands = {
  record: (message: CommandMessage, context: CommandPlace) => Promise<ReplyOf<typeof RecordAttempt>>;
  /** Writes down what was only counted so far, and counts no further on a timer. */
  stop: () => Promise<void>;
};

const KEPT_FOR_MS = 20_000;

/** What is refused, or oddly asked, and must be audited (decision 10, R70): the key is the connection, or the admin, whose request it was. */
export const attemptCommands = (deps: AttemptCommandDeps): AttemptCommands => {
  const { clock, tenants, onFailure, rate = attemptRate() } = deps;
  // No view of the directory shows attempts: the audit reads them from the facts.
  const unseen: CommandDeps = { ...deps, view: { applyInline: async () => {}, catchUp: async () => {} } };

  /** The day is business time's. An attempt may come twice, on either side of midnight too: it is a log, not a count. */
  const streamId = async (asker: string) => `${asker}_${(await clock.now()).slice(0, 10)}`;

  const suppress = async (all: boolean) => {
    for (const { asker, counts } of rate.takeSuppressed(all)) {
      const [tenantId = '', key = '', connectionId = ''] = asker.split('/');
      const commandId = randomUUID();
      const message: CommandMessage = {
        tenantId,
        key: await streamId(key),
        commandId,
        actor: { kind: 'system', id: 'directory-service' },
        ...(connectionId && { connectionId }),
        correlationId: commandId,
        causationId: commandId,
        deadline: Date.now() + KEPT_FOR_MS,
        payload: undefined,
      };
      await runCommand(unseen, attemptAggregate, message, {}, { command: { type: 'Suppress', counts } });
    }
  };
  const timer = setInterval(() => void suppress(false).catch(onFailure), WINDOW_MS).unref();

  return {
    record: async (message, context) => {
      const { kind, attempt } = RecordAttempt.read(message.payload);
      const { tenantId, key, actor, connectionId = '' } = message;
      // Everybody else's tenant is vouched for by a key or a token.
      if (actor.kind === 'root') await tenants.get(tenantId);
      if (!rate.admit(`${tenantId}/${key}/${connectionId}`, attempt.code)) return {};
      await runCommand(unseen, attemptAggregate, { ...message, key: await streamId(key) }, context, {
        command: { type: 'Record', kind, attempt },
      });
      return {};
    },
    stop: async () => {
      clearInterval(timer);
      await suppress(true).catch(onFailure);
    },
  };
};
