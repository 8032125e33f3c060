import { randomUUID } from 'node:crypto';
import { CreateUser, DeleteUser, PatchUser, ReplaceUser, type UserReply } from '@tenure/contracts';
import { presentedUser, type Shape, type Sight, type UserQueries, type UserRecord } from '@tenure/directory';
import type { DirectoryClient } from '@tenure/platform';
import { isReturned, parseBody, parsePatch, parseResource, type JsonObject, type Projection } from '@tenure/scim';
import type { Attempts } from '../connection/attempts.ts';
import type { ScimContext } from '../connection/scim-context.ts';
import { operationsWithoutUrls } from './reference-filters.ts';
import type { ScimEndpoint, Shown } from './scim-endpoint.ts';
import { besideOf } from './versions.ts';

export type UsersDeps = { directory: DirectoryClient; queries: UserQueries; attempts: Attempts };

/** `/Users` (RFC 7643 §4.1), with the extensions of the tenant's own (R71). */
export const usersEndpoint = (
  { directory, queries, attempts }: UsersDeps,
  { type, schemasVersion }: Shape,
): ScimEndpoint => {
  const sightOf = ({ policy }: ScimContext): Sight => ({ kind: 'connection', policy });
  const wantsGroups = (projection: Projection) => isReturned(type, 'groups', projection);
  const shown = (user: UserRecord | UserReply, groups: readonly JsonObject[] = []): Shown => ({
    resource: presentedUser(user, groups),
    revision: user.revision,
    beside: besideOf(groups),
    cacheable: true,
  });

  return {
    type,
    list: async (context, request, projection) => {
      const listed = await queries.list(context.caller.tenantId, sightOf(context), request, {
        groups: wantsGroups(projection),
      });
      return { ...listed, items: listed.items.map((user) => shown(user, user.groups)) };
    },
    get: async (context, id, projection) => {
      const user = await queries.look(context.caller.tenantId, sightOf(context), id, {
        groups: wantsGroups(projection),
      });
      if (user === 'unseen') return attempts.unseen(context, 'user', id);
      return user && shown(user, user.groups);
    },
    create: async (context, body) => {
      const { resource, notes } = parseResource(type, body, context.policy.settings);
      attempts.noted(context, notes);
      const reply = await directory.send(CreateUser, context.caller, randomUUID(), { resource, schemasVersion });
      return shown(reply, reply.groups);
    },
    replace: async (context, id, body, preconditions, projection) => {
      const { resource, cleared, notes } = parseBody(type, body, context.policy.settings);
      attempts.noted(context, notes);
      const reply = await directory.send(ReplaceUser, context.caller, id, {
        resource,
        cleared,
        ...preconditions,
        schemasVersion,
        withGroups: wantsGroups(projection),
      });
      return shown(reply, reply.groups);
    },
    patch: async (context, id, body, preconditions, projection) => {
      const { operations: read, notes } = parsePatch(type, body, context.policy.settings);
      attempts.noted(context, notes);
      const operations = operationsWithoutUrls(read, context, type);
      const reply = await directory.send(PatchUser, context.caller, id, {
        operations,
        ...preconditions,
        schemasVersion,
        withGroups: wantsGroups(projection),
      });
      return shown(reply, reply.groups);
    },
    delete: async (context, id, preconditions) =>
      void (await directory.send(DeleteUser, context.caller, id, preconditions)),
    patchStatus: ({ policy }) => policy.settings.userPatchStatus,
  };
};
