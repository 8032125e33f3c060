import { Rejected, type Caller, type Preconditions } from '@tenure/eventing';
import type { Sql } from '@tenure/database';
import type { AppConfig } from '../app/app-config.ts';
import type { Connector } from '../connector/index.ts';
import { findApp } from '../app/find-apps.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import type { PushCommand } from './push.decider.ts';
import type { PushReply } from './push.bodies.ts';
import type { PushQueries } from './push.queries.ts';
import type { PushRows } from './push.rows.ts';
import type { WritePush } from './write-push.ts';

export type PushActionNeeds = {
  sql: Sql;
  write: WritePush;
  queries: PushQueries;
  connectorFor: (app: AppConfig) => Promise<Connector>;
  hurry: PushRows['hurry'];
  /** There may be something to send. */
  wake: () => void;
};

type IfMatch = Preconditions['ifMatch'];

export type PushActions = ReturnType<typeof pushActions>;

/** What admins do with a pushed group (R89). Each answers with the push as it then is. */
export const pushActions = ({ sql, write, queries, connectorFor, hurry, wake }: PushActionNeeds) => {
  const perform = async (caller: Caller, appId: string, id: string, command: PushCommand, ifMatch?: IfMatch) => {
    const { tenantId, actor, correlationId, traceparent } = caller;
    await queries.get(tenantId, appId, id);
    const because = {
      actor,
      correlationId,
      causationId: correlationId,
      ...(traceparent !== undefined && { traceparent }),
    };
    await write({ tenantId, id }, command, because, ifMatch);
    await hurry(tenantId, id);
    wake();
    return queries.get(tenantId, appId, id);
  };

  /** The group of the app that is meant, which must be there and be nobody else's. */
  const linkable = async (tenantId: string, appId: string, id: string, remoteId: string) => {
    await queries.get(tenantId, appId, id);
    const app = await findApp(sql, tenantId, appId);
    const [other] = await sql.query({
      text: `select 1 from ${PROVISIONING_VIEW}.pushes where tenant_id = $1 and app_id = $2 and remote_id = $3 and id <> $4 and aim in ('pushed', 'deleting')`,
      values: [tenantId, appId, remoteId, id],
    });
    if (!app || other)
      throw new Rejected('conflict', 'push/held', 'Another group is pushed to this group of the app already.');
    const found = await (await connectorFor(app)).get('group', remoteId);
    if (found.kind === 'gone' || (found.kind === 'refused' && found.status === 400))
      throw new Rejected('not-found', 'push/remote-unknown', 'The app has no such group.');
    if (found.kind !== 'ok')
      throw new Rejected(
        'unavailable',
        'app/unavailable',
        `The app could not be asked for the group: ${found.reason} Try again.`,
      );
    return found.value;
  };

  return {
    /** An existing group is linked only by this act; it is read first (R61). */
    link: async (
      caller: Caller,
      appId: string,
      id: string,
      remoteId: string,
      ifMatch?: IfMatch,
    ): Promise<PushReply> => {
      const { id: found, values, label } = await linkable(caller.tenantId, appId, id, remoteId);
      const displayName = typeof values['displayName'] === 'string' ? values['displayName'] : label;
      return perform(caller, appId, id, { type: 'Link', remoteId: found, displayName }, ifMatch);
    },
    retry: (caller: Caller, appId: string, id: string, ifMatch?: IfMatch): Promise<PushReply> =>
      perform(caller, appId, id, { type: 'Retry' }, ifMatch),
  };
};
