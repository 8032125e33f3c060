import type { OwnResourceType, OwnSchema } from '@tenure/contracts';
import type { Database } from '@tenure/database';
import { Rejected } from '@tenure/eventing';
import { schemaNamed } from './schema.decider.ts';
import { sameName, type Usage } from './schema.rules.ts';
import { definitionsIn } from './schema.view.ts';
import { shownTypes } from './shown-types.ts';
import { GROUP, USER, type Definitions } from './tenant-types.ts';

type Versioned<T> = T & { version: number };

export type SchemaQueries = {
  schemas: (tenantId: string) => Promise<Versioned<OwnSchema>[]>;
  /** Throws `Rejected` `schema/unknown`. */
  schema: (tenantId: string, id: string) => Promise<Versioned<OwnSchema>>;
  /** Users and groups among them, with all their extensions. */
  resourceTypes: (tenantId: string) => Promise<Versioned<OwnResourceType>[]>;
  /** Throws `Rejected` `resource-type/unknown`. */
  resourceType: (tenantId: string, name: string) => Promise<Versioned<OwnResourceType>>;
  /** The usages of which some living resource has values. */
  stored: (tenantId: string, usages: readonly Usage[]) => Promise<Usage[]>;
};

/** Everything is asked of `schema`, the directory's view. */
export const schemaQueries = (database: Database, schema: string): SchemaQueries => {
  const read = async (tenantId: string): Promise<Versioned<Definitions>> => {
    const text = `select revision, body from ${schema}.schemas where tenant_id = $1 and id = $1`;
    const [row] = await database.query<{ revision: number; body: Record<string, unknown> }>({
      name: `${schema}.schemas`,
      text,
      values: [tenantId],
    });
    return { version: row?.revision ?? 0, ...definitionsIn(row?.body ?? {}) };
  };
  const resourceTypes = async (tenantId: string) => {
    const { version, ...definitions } = await read(tenantId);
    return shownTypes(definitions).map((type) => ({ ...type, version }));
  };

  return {
    schemas: async (tenantId) => {
      const { version, schemas } = await read(tenantId);
      return schemas.map((one) => ({ ...one, version }));
    },
    schema: async (tenantId, id) => {
      const { version, ...definitions } = await read(tenantId);
      const found = schemaNamed(definitions, id);
      if (!found) throw new Rejected('not-found', 'schema/unknown', 'There is no such schema.');
      return { ...found, version };
    },
    resourceTypes,
    resourceType: async (tenantId, name) => {
      const found = (await resourceTypes(tenantId)).find((type) => sameName(type.name, name));
      if (!found) throw new Rejected('not-found', 'resource-type/unknown', 'There is no such resource type.');
      return found;
    },
    stored: async (tenantId, usages) => {
      const found = await Promise.all(
        usages.map(async (usage) => {
          const [row] = await database.query<{ stored: boolean }>(storedStatement(schema, tenantId, usage));
          return row!.stored ? [usage] : [];
        }),
      );
      return found.flat();
    },
  };
};

/** Whether any resource has values there: an admin's rare question, so no index is kept for it. */
const storedStatement = (schema: string, tenantId: string, { typeId, schemaId, extension }: Usage) => {
  const table = typeId === USER ? 'users' : typeId === GROUP ? 'groups' : 'resources';
  const ofType = table === 'resources' ? ' and type_id = $2' : ' and $2::text is not null';
  const withValues = extension ? ' and resource ? $3' : ' and $3::text is not null';
  return {
    text: `select exists (select from ${schema}.${table} where tenant_id = $1${ofType}${withValues}) as stored`,
    values: [tenantId, typeId, schemaId],
  };
};
