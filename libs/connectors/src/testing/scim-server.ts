import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
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
  type JsonObject,
  type Resource,
  type ResourceType,
} from '@tenure/scim';

type Stored = { id: string; resource: Resource; created: string; version: number };
type Answer = { status: number; body?: JsonObject; etag?: string };

const dialect = profiles.generic;
const TOKEN = 'scim-server-token-7c1d';

export type ScimServerOptions = {
  /** Not even an error by its own code: such apps answer 405. */
  canPatch?: boolean;
  /** What `/ServiceProviderConfig` says of that. */
  saysItCanPatch?: boolean;
  /** Gives no more at once. */
  page?: number;
};

/** A small SCIM application of the tests: strict about paths, filters, versions, unique names and members that don't exist. */
export const scimServer = async ({ canPatch = true, saysItCanPatch = canPatch, page = 7 }: ScimServerOptions = {}) => {
  const asked: string[] = [];
  const kept = new Map<ResourceType, Map<string, Stored>>([
    [userType, new Map()],
    [groupType, new Map()],
  ]);
  const nameOf = (type: ResourceType, resource: Resource) =>
    ((resource[type === userType ? 'userName' : 'displayName'] as string | undefined) ?? '').toLowerCase();
  const etagOf = ({ version }: Stored) => `W/"${version}"`;
  const shown = (type: ResourceType, stored: Stored, excluded: string): JsonObject => {
    const { [excluded]: _, ...rest } = stored.resource;
    const { id, created } = stored;
    return { ...rest, id, meta: { resourceType: type.name, created, version: etagOf(stored) } };
  };
  const idsIn = (members: unknown): string[] =>
    (Array.isArray(members) ? members : []).flatMap((member) => (isObject(member) ? [member['value'] as string] : []));

  const check = (type: ResourceType, resource: Resource, id?: string): Resource => {
    for (const other of kept.get(type)!.values())
      if (other.id !== id && nameOf(type, other.resource) === nameOf(type, resource))
        throw uniqueness('This name is taken.');
    const strangers = idsIn(resource['members']).filter((member) => !kept.get(userType)!.has(member));
    if (strangers.length > 0) throw problem(400, `There is no user ${strangers[0]}.`);
    return resource;
  };

  const find = (type: ResourceType, id: string): Stored => {
    const found = kept.get(type)!.get(id);
    if (!found) throw problem(404, `There is no ${type.name} ${id}.`);
    return found;
  };

  const put = (type: ResourceType, stored: Stored, resource: Resource): Answer => {
    const next = { ...stored, resource: check(type, resource, stored.id), version: stored.version + 1 };
    kept.get(type)!.set(stored.id, next);
    return { status: 200, body: shown(type, next, ''), etag: etagOf(next) };
  };

  const list = (type: ResourceType, query: Record<string, string>): Answer => {
    const { filter, startIndex, count = page } = parseListQuery(query);
    const parsed = filter === undefined ? undefined : parseFilter(filter, type, dialect);
    const found = [...kept.get(type)!.values()].filter(
      ({ id, resource }) => !parsed || matches(parsed, { ...resource, id }),
    );
    const given = found.slice(startIndex - 1, startIndex - 1 + Math.min(count, page));
    const resources = given.map((each) => shown(type, each, query['excludedAttributes'] ?? ''));
    return {
      status: 200,
      body: listResponse({ resources, totalResults: found.length, startIndex, itemsPerPage: resources.length }),
    };
  };

  const create = (type: ResourceType, body: unknown): Answer => {
    const { resource } = parseResource(type, body, dialect);
    const stored = {
      id: randomUUID(),
      resource: check(type, resource),
      created: new Date().toISOString(),
      version: 1,
    };
    kept.get(type)!.set(stored.id, stored);
    return { status: 201, body: shown(type, stored, ''), etag: etagOf(stored) };
  };

  const remove = (type: ResourceType, { id }: Stored): Answer => {
    kept.get(type)!.delete(id);
    if (type === userType)
      for (const group of kept.get(groupType)!.values()) {
        const { members } = group.resource;
        if (Array.isArray(members))
          group.resource = {
            ...group.resource,
            members: members.filter((member) => !isObject(member) || member['value'] !== id),
          };
      }
    return { status: 204 };
  };

  const answer = (request: IncomingMessage, text: string): Answer => {
    if (request.headers.authorization !== `Bearer ${TOKEN}`) throw problem(401, 'Who are you?');
    const url = new URL(request.url!, 'http://scim');
    const query = Object.fromEntries(url.searchParams);
    const [, version, endpoint, ...rest] = url.pathname.split('/');
    if (version !== 'v2') throw problem(404, 'There is nothing here.');
    if (endpoint === 'ServiceProviderConfig')
      return {
        status: 200,
        body: {
          patch: { supported: saysItCanPatch },
          filter: { supported: true, maxResults: page },
          etag: { supported: true },
        },
      };
    // Who takes `..` for an id empties the app.
    if (endpoint === '' && request.method === 'DELETE') {
      for (const resources of kept.values()) resources.clear();
      return { status: 204 };
    }
    const type = endpoint === 'Users' ? userType : endpoint === 'Groups' ? groupType : undefined;
    if (!type || rest.length > 1) throw problem(404, 'There is nothing here.');
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const [id] = rest;
    if (id === undefined) {
      if (request.method === 'GET') return list(type, query);
      if (request.method === 'POST') return create(type, body);
      throw problem(405, 'Not here.');
    }
    const stored = find(type, decodeURIComponent(id));
    const expected = request.headers['if-match'];
    if (expected !== undefined && expected !== etagOf(stored)) throw problem(412, 'It has changed meanwhile.');
    if (request.method === 'GET')
      return { status: 200, body: shown(type, stored, query['excludedAttributes'] ?? ''), etag: etagOf(stored) };
    if (request.method === 'PUT') return put(type, stored, parseResource(type, body, dialect).resource);
    if (request.method === 'DELETE') return remove(type, stored);
    if (request.method !== 'PATCH' || !canPatch) throw problem(405, 'Not here.');
    const { operations } = parsePatch(type, body, dialect);
    return put(type, stored, applyPatch(type, stored.resource, operations, dialect).resource);
  };

  const failed = (error: unknown): Answer => {
    const { status = 500, scimType, message } = error as { status?: number; scimType?: string; message: string };
    return { status, body: { detail: message, ...(scimType !== undefined && { scimType }) } };
  };

  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    request.on('end', () => {
      asked.push(`${request.method} ${new URL(request.url!, 'http://scim').pathname}`);
      let given: Answer;
      try {
        given = answer(request, text);
      } catch (error) {
        given = failed(error);
      }
      const headers = {
        'content-type': 'application/scim+json',
        ...(given.etag !== undefined && { etag: given.etag }),
      };
      response.writeHead(given.status, headers).end(given.body ? JSON.stringify(given.body) : '');
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2`,
    token: TOKEN,
    asked,
    user: (userName: string) =>
      [...kept.get(userType)!.values()].find(({ resource }) => resource['userName'] === userName)?.resource,
    /** What somebody does who works in the application itself. */
    addUser: (resource: JsonObject) => create(userType, resource).body!['id'] as string,
    addGroup: (displayName: string) => create(groupType, { displayName }).body!['id'] as string,
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
};
