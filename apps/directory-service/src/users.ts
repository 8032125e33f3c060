import { accountType, jsonObject, searchText, type UserReply } from '@tenure/contracts';
import { presentedUser, type ErasedUser, type UserQueries, type UserRecord } from '@tenure/directory';
import { Rejected, type Instant } from '@tenure/eventing';
import {
  parseBody,
  parseFilter,
  parsePatch,
  patchSchema,
  profiles,
  ScimProblem,
  type JsonObject,
  type ResourceType,
} from '@tenure/scim';
import { z } from 'zod';
import { nextCursorOf, pageKeyIn } from './page-cursor.ts';

export const instant = z.iso
  .datetime({ offset: true, error: 'expected an instant such as 2026-01-05T09:00:00Z' })
  .transform((text): Instant => new Date(text).toISOString());
export const asOfRequest = z.strictObject({ asOf: instant.optional() });

export const userBody = z.strictObject({ resource: jsonObject });
export const userChangeBody = z.strictObject({ resource: jsonObject.optional(), accountType: accountType.optional() });

export const userReply = z.object({
  id: z.string(),
  version: z.int(),
  connectionId: z.string().optional(),
  accountType,
  active: z.boolean(),
  labels: z.array(z.string()),
  resource: jsonObject,
  createdAt: z.string(),
  updatedAt: z.string(),
});

/** R15: what a member list shows beside a person whom an identity provider keeps up to date. */
const PROVISIONED_LABEL = 'Provisioned managed account';

export const shownUser = (user: UserRecord | UserReply) => ({
  id: user.id,
  version: user.revision,
  ...(user.connectionId !== null && { connectionId: user.connectionId }),
  accountType: user.accountType,
  active: user.resource.active !== false,
  labels: user.accountType === 'provisionedManaged' ? [PROVISIONED_LABEL] : [],
  resource: presentedUser(user),
  createdAt: user.createdAt,
  updatedAt: user.lastModified,
});

export const shownErased = ({ id, revision }: ErasedUser, asOf: Instant) => ({
  id,
  version: revision,
  erased: true,
  asOf,
});

export const unknownUser = () => new Rejected('not-found', 'user/unknown', 'There is no such user.');

/** What SCIM refuses, as these APIs say it. */
export const inJson = <T>(read: () => T): T => {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ScimProblem)) throw error;
    throw new Rejected('invalid', `scim/${error.scimType ?? 'invalidValue'}`, error.detail);
  }
};

/** An admin's edit is read to the letter: what is unknown is a mistake, not a dialect. */
export const dialect = { ...profiles.strict, tenureExtension: true };

/** `type` is a user as the tenant has it: with extensions of its own (R71). */
export const readUserBody = (type: ResourceType, resource: JsonObject) =>
  inJson(() => parseBody(type, resource, dialect));

/** Attribute by attribute; null clears. */
export const mergeOperations = (type: ResourceType, resource: JsonObject) =>
  inJson(() => {
    const Operations = Object.entries(resource).map(([path, value]) =>
      value === null ? { op: 'remove', path } : { op: 'replace', path, value },
    );
    return Operations.length === 0 ? [] : parsePatch(type, { schemas: [patchSchema], Operations }, dialect).operations;
  });

export const userListRequest = z.strictObject({
  filter: z.string().max(10_000).optional(),
  search: searchText.optional(),
  accountType: accountType.optional(),
  active: z.stringbool({ error: 'expected true or false' }).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(1000).optional(),
});
export type UserListRequest = z.output<typeof userListRequest>;

/** The review list (R15). */
export const userSearch = async (
  users: UserQueries,
  tenantId: string,
  userType: ResourceType,
  { filter, search, accountType: type, active, limit, cursor }: UserListRequest,
) => {
  const after = cursor === undefined ? undefined : pageKeyIn(cursor);
  const request = {
    ...(filter !== undefined && { filter: inJson(() => parseFilter(filter, userType, dialect)) }),
    page: { count: limit, withTotal: false, ...(after && { after }) },
  };
  const { items, next } = await users.list(tenantId, { kind: 'admin' }, request, {
    ...(type && { accountType: type }),
    ...(active !== undefined && { active }),
    ...(search !== undefined && { search }),
  });
  return { items: items.map(shownUser), ...(next && { nextCursor: nextCursorOf(next) }) };
};
