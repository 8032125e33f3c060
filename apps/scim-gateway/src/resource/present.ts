import { findSchema, project, type JsonObject, type Projection, type ResourceType } from '@tenure/scim';
import type { ScimContext } from '../connection/scim-context.ts';
import { withReferences } from './references.ts';
import type { Shown } from './scim-endpoint.ts';
import { versionOf } from './versions.ts';

export const locationOf = ({ baseUrl }: ScimContext, type: ResourceType, id: string) =>
  `${baseUrl}${type.endpoint}/${id}`;

/** An extension that the tenant took away leaves its name behind in resources that had no values of it (R71). */
const knownSchemas = ({ types }: ScimContext, type: ResourceType, { schemas }: JsonObject) =>
  types.version > 0 && Array.isArray(schemas)
    ? { schemas: schemas.filter((urn) => typeof urn === 'string' && findSchema(type, urn) !== undefined) }
    : undefined;

/** A resource as this client asked for it: with its own URL, those it refers to, and the attributes that were wanted (RFC 7644 §3.9). */
export const present = (context: ScimContext, type: ResourceType, shown: Shown, projection: Projection): JsonObject => {
  const { resource } = shown;
  const located = {
    ...withReferences(context, type, resource),
    ...knownSchemas(context, type, resource),
    meta: {
      ...(resource.meta as JsonObject),
      location: locationOf(context, type, resource.id as string),
      version: versionOf(shown),
    },
  };
  return project(type, located, projection);
};
