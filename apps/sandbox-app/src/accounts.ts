import { randomUUID } from 'node:crypto';
import {
  applyPatch,
  groupType,
  isObject,
  listResponse,
  matches,
  parseFilter,
  parseListQuery,
  parsePatch,
  parseResource,
  problem,
  profiles,
  uniqueness,
  userType,
  type Json,
  type JsonObject,
  type Resource,
  type ResourceType,
} from '@tenure/scim';

/** A resource of the target application, as it stores it. */
export type Stored = { id: string; resource: Resource; created: string; lastModified: string };

const dialect = profiles.generic;
const MOST_AT_ONCE = 200;

const isMember = (member: Json, id: string) => isObject(member) && member['value'] === id;

/** What the sandbox keeps of one SCIM type, in memory: a target for demos and tests, so a restart empties it. */
export const collection = (type: ResourceType, baseUrl: () => string, uniqueBy: string) => {
  const kept = new Map<string, Stored>();
  const find = (id: string): Stored => {
    const found = kept.get(id);
    if (!found) throw problem(404, `There is no ${type.name} ${id}.`);
    return found;
  };
  const nameOf = ({ [uniqueBy]: name }: Resource) => (typeof name === 'string' ? name.toLowerCase() : '');
  const checkUnique = (resource: Resource, id?: string) => {
    for (const other of kept.values())
      if (other.id !== id && nameOf(other.resource) === nameOf(resource)) throw uniqueness(`${uniqueBy} is taken.`);
  };
  const shown = ({ id, resource, created, lastModified }: Stored): JsonObject => ({
    ...resource,
    id,
    meta: { resourceType: type.name, created, lastModified, location: `${baseUrl()}${type.endpoint}/${id}` },
  });

  return {
    all: () => [...kept.values()].map(shown),
    get: (id: string) => shown(find(id)),
    list: (query: Record<string, string | string[] | undefined>) => {
      const { filter, startIndex, count = MOST_AT_ONCE } = parseListQuery(query);
      const parsed = filter === undefined ? undefined : parseFilter(filter, type, dialect);
      const found = [...kept.values()].filter(({ id, resource }) => !parsed || matches(parsed, { ...resource, id }));
      const page = found.slice(startIndex - 1, startIndex - 1 + Math.min(count, MOST_AT_ONCE));
      return listResponse({
        resources: page.map(shown),
        totalResults: found.length,
        startIndex,
        itemsPerPage: page.length,
      });
    },
    create: (body: unknown) => {
      const { resource } = parseResource(type, body, dialect);
      checkUnique(resource);
      const now = new Date().toISOString();
      const stored = { id: randomUUID(), resource, created: now, lastModified: now };
      kept.set(stored.id, stored);
      return shown(stored);
    },
    patch: (id: string, body: unknown) => {
      const stored = find(id);
      const { resource, changed } = applyPatch(
        type,
        stored.resource,
        parsePatch(type, body, dialect).operations,
        dialect,
      );
      checkUnique(resource, id);
      if (changed.length > 0) kept.set(id, { ...stored, resource, lastModified: new Date().toISOString() });
      return shown(find(id));
    },
    delete: (id: string) => {
      find(id);
      kept.delete(id);
    },
    /** Somebody who is gone is no longer a member. */
    dropMember: (id: string) => {
      for (const stored of kept.values()) {
        const { members } = stored.resource;
        if (!Array.isArray(members) || !members.some((member) => isMember(member, id))) continue;
        const resource = { ...stored.resource, members: members.filter((member) => !isMember(member, id)) };
        kept.set(stored.id, { ...stored, resource, lastModified: new Date().toISOString() });
      }
    },
  };
};

export type Collection = ReturnType<typeof collection>;
export const users = (baseUrl: () => string) => collection(userType, baseUrl, 'userName');
export const groups = (baseUrl: () => string) => collection(groupType, baseUrl, 'displayName');
