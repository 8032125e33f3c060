import { Rejected } from '@tenure/eventing';
import type { ConnectionSettings, Json } from '@tenure/scim';

/** What the rules of users and groups need to know of a connection. */
export type ConnectionPolicy = {
  connectionId: string;
  /** A disabled connection reads, and refuses writes (R9). */
  enabled: boolean;
  settings: ConnectionSettings;
  /** Values for create-only attributes that a create leaves out: those of the token's issuer (R12), by path. */
  defaults: Readonly<Record<string, Json>>;
  /** The version of the tenant's own schemas (R71): 0 where it has none. */
  schemasVersion: number;
};

/** A living token that a user issued; while it lives the user can't be suspended, deleted or change role (R7). */
export type IssuedToken = { connectionId: string; connectionName: string };

/** Port to the connections' slice. */
export type ConnectionPolicies = {
  /** Throws `Rejected` `connection/unknown`. Asked for every write of SCIM, so it should cost no round trip of its own. */
  policyOf: (tenantId: string, connectionId: string) => Promise<ConnectionPolicy>;
  /** Asked only before a write that the lock would stop. */
  tokenIssuedBy: (tenantId: string, userId: string) => Promise<IssuedToken | undefined>;
};

/** The connection that a message speaks for, refused while it is disabled (R9). */
export const writingConnection = async (
  policies: ConnectionPolicies,
  tenantId: string,
  connectionId: string,
): Promise<ConnectionPolicy> => {
  const policy = await policies.policyOf(tenantId, connectionId);
  if (!policy.enabled)
    throw new Rejected(
      'forbidden',
      'connection/disabled',
      'The connection is disabled: it can be read through, but not written.',
    );
  return policy;
};
