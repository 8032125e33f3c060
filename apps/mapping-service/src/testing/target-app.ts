import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

type Resource = Record<string, unknown>;
type Operation = { op: string; path: string; value?: unknown };

const bodyOf = async (request: IncomingMessage): Promise<Resource> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length > 0 ? (JSON.parse(Buffer.concat(chunks).toString()) as Resource) : {};
};

/** A SCIM application that knows just enough: users found by `eq`, created, patched by path, deleted; groups with members. */
export const targetApp = async () => {
  const users = new Map<string, Resource>();
  const groups = new Map<string, Resource>();
  const asked: string[] = [];
  const settings = { token: 'target-token-1', isDown: false };

  const answer = (
    method: string,
    path: string,
    filter: string | null,
    body: Resource,
  ): { status: number; body?: unknown } => {
    const [, kind, id] = /^\/scim\/v2\/(Users|Groups)(?:\/(.+))?$/.exec(path) ?? [];
    const kept = kind === 'Users' ? users : groups;
    if (id === undefined && method === 'GET') {
      const [, attribute, value] = /^(\w+) eq "(.*)"$/.exec(filter ?? '') ?? [];
      const found = [...kept.values()].filter((resource) => attribute === undefined || resource[attribute] === value);
      return { status: 200, body: { totalResults: found.length, Resources: found } };
    }
    if (method === 'POST') {
      const created = { ...body, id: randomUUID() };
      kept.set(created.id, created);
      return { status: 201, body: created };
    }
    const resource = kept.get(id ?? '');
    if (!resource) return { status: 404, body: { detail: 'Not there' } };
    if (method === 'GET') return { status: 200, body: resource };
    if (method === 'DELETE') {
      kept.delete(id!);
      return { status: 204 };
    }
    for (const { op, path: target, value } of body.Operations as Operation[]) {
      const before = resource[target];
      resource[target] =
        op === 'add' && Array.isArray(value) ? [...(Array.isArray(before) ? before : []), ...value] : value;
    }
    return { status: 204 };
  };

  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url!, 'http://target');
      const body = await bodyOf(request);
      asked.push(`${request.method} ${url.pathname}`);
      const allowed = request.headers.authorization === `Bearer ${settings.token}`;
      const reply = settings.isDown
        ? { status: 503, body: { detail: 'Down for maintenance' } }
        : allowed
          ? answer(request.method!, url.pathname, url.searchParams.get('filter'), body)
          : { status: 401, body: { detail: 'Unknown token' } };
      response
        .writeHead(reply.status, { 'content-type': 'application/scim+json' })
        .end(reply.body === undefined ? '' : JSON.stringify(reply.body));
    })();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/scim/v2`,
    users,
    groups,
    asked,
    settings,
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
};
