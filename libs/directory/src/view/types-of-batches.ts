import type { Sql } from '@tenure/database';
import { keptTypes } from '../schema/kept-types.ts';
import { builtInTypes, type TenantTypes } from '../schema/tenant-types.ts';
import type { StreamEvents, TypesOf } from './view-part.ts';

/** The version of the tenant's schemas that a stream's events were written by; 0 where they need none of them. */
const versionOf = ({ events }: StreamEvents): number =>
  events.reduce((highest, { event }) => {
    const version = event?.data.schemasVersion;
    return typeof version === 'number' ? Math.max(version, highest) : highest;
  }, 0);

/**
 * By which types the events of a batch are indexed (R71): as the view's own table of schemas has them, at the version that the events name
 * or a later one. A later one reads them alike, for nothing that values were stored by may change (`schemaConflicts`).
 * Costs nothing for tenants without schemas of their own, and a look for each new version of the others.
 */
export const typesOfBatches = (schema: string) => {
  const kept = keptTypes(schema);
  return async (sql: Sql, streams: readonly StreamEvents[]): Promise<TypesOf> => {
    const types = new Map<string, TenantTypes>();
    for (const stream of streams) {
      const version = versionOf(stream);
      if (version === 0) continue;
      const found = await kept.at(sql, stream.tenantId, version);
      if (found.version < version)
        throw new Error(
          `${schema} is to apply what was written by version ${version} of a tenant's schemas, and has version ${found.version}.`,
        );
      types.set(stream.stream, found);
    }
    return ({ stream }) => types.get(stream) ?? builtInTypes;
  };
};
