import type { Connector, ObjectKind, Outcome, Page, Remote } from '@tenure/provisioning/connector';
import { isObject, type Json, type JsonObject } from '@tenure/scim';
import type { Redact } from '../redaction/redact.ts';
import type { ScimCalls } from './scim-calls.ts';
import type { ScimLearned } from './scim-describe.ts';
import { idOf, resourcesIn, totalIn } from './scim-objects.ts';

export type ScimShared = {
  calls: ScimCalls;
  redact: Redact;
  learned: ScimLearned;
  learn: (more: ScimLearned) => void;
  remoteOf: (kind: ObjectKind, resource: JsonObject) => Remote | undefined;
  /** Whether objects are replaced whole. */
  replaces: () => boolean;
};

/** An app may give fewer at once. */
const PAGE = 100;
const PATH: Record<ObjectKind, string> = { account: 'Users', group: 'Groups' };

/** `at`: the next index; `cursor`: what RFC 9865 gives instead; `seen`: ids of the page before, to notice one that comes again. */
type Position = { at: number; cursor?: string; seen: string };

const read = (cursor: string | undefined): Position =>
  cursor === undefined
    ? { at: 1, seen: '' }
    : (JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as Position);
const write = (position: Position): string => Buffer.from(JSON.stringify(position)).toString('base64url');

type Listed = { resources: JsonObject[]; next?: string };

/** Lists of an app, page by page. A list that ends before all that it announced, or turns in a circle, is a failure and no end. */
export const scimLists = ({ calls: { ask }, redact, remoteOf }: ScimShared) => {
  const page = (path: string, cursor: string | undefined, query: Record<string, string>): Promise<Outcome<Listed>> => {
    const position = read(cursor);
    const where: Record<string, string> =
      position.cursor === undefined ? { startIndex: String(position.at) } : { cursor: position.cursor };
    return ask<Listed>(
      { method: 'GET', path: path.split('/'), query: { ...where, count: String(PAGE), ...query } },
      ({ status, body }) => {
        const resources = status === 200 ? resourcesIn(body) : undefined;
        if (!resources) return undefined;
        const total = totalIn(body!);
        const at = position.at + resources.length;
        const nextCursor = body!['nextCursor'];
        const isMore = typeof nextCursor === 'string' && nextCursor !== '' ? true : at <= total;
        const seen = resources.map(({ id }) => JSON.stringify(id)).join('\n');
        if (resources.length > 0 && seen === position.seen)
          return incomplete('The app gave the same page twice; its list is not complete.');
        if (!isMore) return { kind: 'ok', value: { resources } };
        if (resources.length === 0)
          return incomplete(`The app announced ${total} and gave ${position.at - 1}; its list is not complete.`);
        const more = typeof nextCursor === 'string' && nextCursor !== '' ? { cursor: nextCursor } : {};
        return { kind: 'ok', value: { resources, next: write({ at, seen, ...more }) } };
      },
    );
  };

  const list: Connector['list'] = async (kind, cursor): Promise<Outcome<Page<Remote>>> => {
    const listed = await page(PATH[kind], cursor, kind === 'group' ? { excludedAttributes: 'members' } : {});
    if (listed.kind !== 'ok') return listed;
    const { resources, next } = listed.value;
    const items = resources.flatMap((resource) => remoteOf(kind, resource) ?? []);
    if (items.length < resources.length)
      return incomplete('The app listed an object without an id that can be kept; its list is not complete.');
    return { kind: 'ok', value: { items, ...(next !== undefined && { next }) } };
  };

  /** Values that accounts hold, for sources that have no list of their own. */
  const held = async (target: string, cursor: string | undefined) => {
    const listed = await page('Users', cursor, {});
    if (listed.kind !== 'ok') return listed;
    const { resources, next } = listed.value;
    const values = [...new Set(resources.flatMap((resource) => textsAt(resource, target)))];
    const items = values.map((value) => ({ id: value, displayName: value }));
    return { kind: 'ok' as const, value: { items, ...(next !== undefined && { next }) } };
  };

  const entitlements: Connector['entitlements'] = async (source, cursor) => {
    if (source.startsWith('values:')) return held(source.slice('values:'.length), cursor);
    const listed = await page(source, cursor, source === 'Groups' ? { excludedAttributes: 'members' } : {});
    if (listed.kind !== 'ok') return listed;
    const { resources, next } = listed.value;
    const items = resources.flatMap((resource) => {
      const id = idOf(resource['id']);
      const name = [resource['displayName'], resource['display'], resource['value']].find(
        (each) => typeof each === 'string' && each.trim() !== '',
      );
      return id === undefined ? [] : [{ id, displayName: typeof name === 'string' ? redact.reason(name) : id }];
    });
    return { kind: 'ok', value: { items, ...(next !== undefined && { next }) } };
  };

  return { list, entitlements };
};

const incomplete = (reason: string) => ({ kind: 'unavailable' as const, reason });

/** Texts of a multi-valued attribute's `value`, or of a single attribute, also within an extension. */
const textsAt = (resource: JsonObject, target: string): string[] => {
  const colon = target.lastIndexOf(':');
  const extension = colon < 0 ? resource : resource[target.slice(0, colon)];
  const value: Json | undefined = isObject(extension) ? extension[target.slice(colon + 1)] : undefined;
  const values = Array.isArray(value) ? value.map((each) => (isObject(each) ? each['value'] : each)) : [value];
  return values.filter((each): each is string => typeof each === 'string' && each.trim() !== '' && each.length <= 1000);
};
