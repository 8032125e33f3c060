import { randomUUID } from 'node:crypto';
import { CreateGroup, DeleteGroup, PatchGroup, ReplaceGroup, type GroupReply } from '@tenure/contracts';
import { presentedGroup, type GroupQueries, type GroupRecord, type Shape } from '@tenure/directory';
import type { DirectoryClient } from '@tenure/platform';
import { isReturned, type Projection } from '@tenure/scim';
import type { Attempts } from '../connection/attempts.ts';
import type { ScimContext } from '../connection/scim-context.ts';
import { readGroup, readGroupPatch } from './group-bodies.ts';
import type { ScimEndpoint, Shown } from './scim-endpoint.ts';

export type GroupsDeps = { directory: DirectoryClient; queries: GroupQueries; attempts: Attempts };

/** `/Groups` (RFC 7643 §4.2). Members are reduced to ids on the way in and read from the view on the way out (design, decision 4). */
export const groupsEndpoint = (
  { directory, queries, attempts }: GroupsDeps,
  { type, schemasVersion }: Shape,
): ScimEndpoint => {
  const sightOf = ({ policy }: ScimContext) => ({ policy });

  /** C5: who was named as a member and can be none. Which ids, is the client's own text, and stays out of the audit. */
  const noteSkipped = (context: ScimContext, reply: GroupReply): GroupReply => {
    if (reply.skippedMemberIds.length > 0) attempts.noted(context, [{ code: 'skipped-member', attribute: 'members' }]);
    return reply;
  };

  const shown = async (
    context: ScimContext,
    group: GroupRecord | GroupReply,
    projection: Projection,
  ): Promise<Shown> => {
    if (!isReturned(type, 'members', projection))
      return { resource: presentedGroup(group), revision: group.revision, cacheable: true };
    const { members, remnants } = await queries.membersOf(context.caller.tenantId, sightOf(context), group.id);
    return { resource: presentedGroup(group, members), revision: group.revision, cacheable: !remnants };
  };

  return {
    type,
    checkReadable: ({ policy }) => (policy.settings.groups ? 'readable' : 'empty'),
    list: async (context, request, projection) => {
      const listed = await queries.list(context.caller.tenantId, sightOf(context), request);
      return { ...listed, items: await Promise.all(listed.items.map((group) => shown(context, group, projection))) };
    },
    get: async (context, id, projection) => {
      const group = await queries.look(context.caller.tenantId, sightOf(context), id);
      if (group === 'unseen') return attempts.unseen(context, 'group', id);
      return group && shown(context, group, projection);
    },
    create: async (context, body, projection) => {
      const { resource, memberIds = [], notes } = await readGroup(type, body, context);
      attempts.noted(context, notes);
      const reply = await directory.send(CreateGroup, context.caller, randomUUID(), {
        resource,
        memberIds,
        schemasVersion,
      });
      return shown(context, noteSkipped(context, reply), projection);
    },
    replace: async (context, id, body, preconditions, projection) => {
      const { notes, ...group } = await readGroup(type, body, context);
      attempts.noted(context, notes);
      const payload = { ...group, ...preconditions, schemasVersion };
      return shown(
        context,
        noteSkipped(context, await directory.send(ReplaceGroup, context.caller, id, payload)),
        projection,
      );
    },
    patch: async (context, id, body, preconditions, projection) => {
      const { profile, members, notes } = await readGroupPatch(type, body, context);
      attempts.noted(context, notes);
      return shown(
        context,
        noteSkipped(
          context,
          await directory.send(PatchGroup, context.caller, id, { profile, members, ...preconditions, schemasVersion }),
        ),
        projection,
      );
    },
    delete: async (context, id, preconditions) =>
      void (await directory.send(DeleteGroup, context.caller, id, preconditions)),
    patchStatus: ({ policy }) => policy.settings.groupPatchStatus,
  };
};
