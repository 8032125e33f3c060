import { checkpointsTable } from '@tenure/eventing';
import { factTables } from '@tenure/messaging';
import { authorizationTables } from '../authorization/authorization.entities.ts';
import { deliveriesTable, failingColumns, goneColumn } from '../delivery/delivery.rows.ts';
import { appLanesTable } from '../delivery/lane.rows.ts';
import { personKeysTable } from '../people/person-keys.ts';
import { markingTables, peopleTables, revisionColumns, wordsColumn } from '../people/people.tables.ts';
import { pushDeliveriesTable } from '../push/push.rows.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { timerLeasesTable } from '../timer/timer-poller.ts';

/** What is kept beside the view and outlives it. */
export const provisioningMigrations = [
  {
    name: 'CreateProvisioning1767225600000',
    up: [
      peopleTables,
      // Since dropped; created, so that an installation that has it and a new one run the same migrations.
      `create table app_scopes (tenant_id text)`,
      timerLeasesTable,
      deliveriesTable,
      factTables(PROVISIONING),
      checkpointsTable(PROVISIONING),
    ].join(';\n'),
  },
  { name: 'AddAppRoles1767225700000', up: `alter table tenants add column app_roles jsonb not null default '[]'` },
  { name: 'AddGoneSince1796083200001', up: goneColumn },
  { name: 'CreateAuthorizations1796083200002', up: authorizationTables },
  { name: 'AddLanes1796083200003', up: `${failingColumns};\n${appLanesTable}` },
  { name: 'KeepReasons1796083200004', up: `drop table app_scopes;\n${revisionColumns};\n${markingTables}` },
  { name: 'AddPersonKeys1796083200005', up: personKeysTable },
  { name: 'AddPushes1796083200006', up: pushDeliveriesTable },
  { name: 'AddWords1796083200007', up: wordsColumn },
];
