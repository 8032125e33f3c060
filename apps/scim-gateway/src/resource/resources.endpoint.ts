import { randomUUID } from 'node:crypto';
import { CreateResource, DeleteResource, PatchResource, ReplaceResource, type ResourceReply } from '@tenure/contracts';
import { presentedResource, type ResourceQueries, type ResourceRecord, type Shape } from '@tenure/directory';
import type { DirectoryClient } from '@tenure/platform';
import { parseBody, parsePatch } from '@tenure/scim';
import type { Attempts } from '../connection/attempts.ts';
import type { ScimContext } from '../connection/scim-context.ts';
import { operationsWithoutUrls } from './reference-filters.ts';
import type { ScimEndpoint, Shown } from './scim-endpoint.ts';

export type ResourcesDeps = { directory: DirectoryClient; queries: ResourceQueries; attempts: Attempts };

/** The endpoint of a resource type of a tenant's own (RFC 7643 §6; R71). */
export const resourcesEndpoint = ({ directory, queries, attempts }: ResourcesDeps, shape: Shape): ScimEndpoint => {
  const { id: typeId, type, schemasVersion } = shape;
  const asked = { typeId, schemasVersion };
  const sightOf = ({ policy }: ScimContext) => ({ connectionId: policy.connectionId });
  const shown = (resource: ResourceRecord | ResourceReply): Shown => ({
    resource: presentedResource(resource, shape),
    revision: resource.revision,
    cacheable: true,
  });

  return {
    type,
    list: async (context, request) => {
      const listed = await queries.list(context.caller.tenantId, sightOf(context), shape, request);
      return { ...listed, items: listed.items.map(shown) };
    },
    get: async (context, id) => {
      const resource = await queries.look(context.caller.tenantId, sightOf(context), shape, id);
      if (resource === 'unseen') return attempts.unseen(context, 'resource', id);
      return resource && shown(resource);
    },
    create: async (context, body) => {
      const { resource, notes } = parseBody(type, body, context.policy.settings);
      attempts.noted(context, notes);
      return shown(await directory.send(CreateResource, context.caller, randomUUID(), { ...asked, resource }));
    },
    replace: async (context, id, body, preconditions) => {
      const { resource, cleared, notes } = parseBody(type, body, context.policy.settings);
      attempts.noted(context, notes);
      return shown(
        await directory.send(ReplaceResource, context.caller, id, { ...asked, resource, cleared, ...preconditions }),
      );
    },
    patch: async (context, id, body, preconditions) => {
      const { operations: read, notes } = parsePatch(type, body, context.policy.settings);
      attempts.noted(context, notes);
      const operations = operationsWithoutUrls(read, context, type);
      return shown(await directory.send(PatchResource, context.caller, id, { ...asked, operations, ...preconditions }));
    },
    delete: async (context, id, preconditions) =>
      void (await directory.send(DeleteResource, context.caller, id, { ...asked, ...preconditions })),
    patchStatus: ({ policy }) => policy.settings.userPatchStatus,
  };
};
