import { Rejected } from '@tenure/eventing';
import type { ConnectionPolicies, ConnectionPolicy } from '../user/connection-policy.ts';
import { policyOf, type ConnectionQueries } from './connection.queries.ts';

/**
 * Asked of the view at most four times a second per connection, so that a stream of writes pays for none of them. A change made in this
 * process is seen at once (`forget`), another replica's within that time; the gateway itself reads afresh at every request.
 */
export type CachedPolicies = ConnectionPolicies & { forget: (tenantId: string, connectionId: string) => void };

const KEPT_MS = 250;
const KEPT_AT_MOST = 1000;

export const connectionPolicies = (
  queries: Pick<ConnectionQueries, 'connectionForScim' | 'tokenIssuedBy'>,
): CachedPolicies => {
  const kept = new Map<string, { policy: Promise<ConnectionPolicy>; until: number }>();
  const nameOf = (tenantId: string, connectionId: string) => `${tenantId}/${connectionId}`;

  const ask = async (tenantId: string, connectionId: string): Promise<ConnectionPolicy> => {
    const connection = await queries.connectionForScim(tenantId, connectionId);
    if (!connection) throw new Rejected('not-found', 'connection/unknown', 'There is no such connection.');
    return policyOf(connection);
  };

  return {
    policyOf: (tenantId, connectionId) => {
      const name = nameOf(tenantId, connectionId);
      const known = kept.get(name);
      if (known && known.until > performance.now()) return known.policy;
      if (kept.size >= KEPT_AT_MOST) kept.clear();
      const policy = ask(tenantId, connectionId);
      kept.set(name, { policy, until: performance.now() + KEPT_MS });
      policy.catch(() => kept.delete(name));
      return policy;
    },
    tokenIssuedBy: queries.tokenIssuedBy,
    forget: (tenantId, connectionId) => void kept.delete(nameOf(tenantId, connectionId)),
  };
};
