import { randomUUID } from 'node:crypto';
import type { Database } from '@tenure/database';
import type { Clock } from '@tenure/eventing';
import type { AppConfig } from '../app/app-config.ts';
import { readTargetOf, targetsSet, type ConnectorKinds } from '../connector/index.ts';
import { isReferring } from '../mapping/index.ts';
import { PROVISIONING, startMarking } from '../people/to-evaluate.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';

/** What is done once in an installation, and by whichever replica comes first. */
export const onceTable = `create table done_once (name text primary key, done_at timestamptz not null default now())`;

/** Before references were sent as the app's ids, apps got the directory's: those that map one are evaluated once more (R90). */
export const markReferring = (database: Database, kinds: ConnectorKinds, clock: Clock): Promise<void> =>
  database.transaction(async (sql) => {
    const [first] = await sql.query(
      `insert into ${PROVISIONING}.done_once (name) values ('references') on conflict do nothing returning 1`,
    );
    if (!first) return;
    const apps = await sql.query<{ config: AppConfig }>(
      `select config from ${PROVISIONING_VIEW}.apps where config->>'state' <> 'draft'`,
    );
    for (const { config } of apps) {
      const readTarget = readTargetOf(kinds, config);
      if (!targetsSet(config).some((target) => isReferring(readTarget, target))) continue;
      const id = randomUUID();
      const cause = { causationId: id, correlationId: id, occurredAt: await clock.now() };
      await startMarking(sql, { tenantId: config.tenantId, appId: config.id, whom: { kind: 'everyone' }, cause });
    }
  });
