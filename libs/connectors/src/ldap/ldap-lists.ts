import { randomUUID } from 'node:crypto';
import type { Connector, ObjectKind, Outcome, Page, Remote } from '@tenure/provisioning/connector';
import { refused, type LdapShared } from './ldap-create.ts';
import { eachOf } from './ldap-directory.ts';
import type { Session } from './ldap-session.ts';

/** Active Directory gives no more. */
export const PAGE = 500;
/** A list that nobody goes on with is given up. */
const ABANDONED_MS = 10 * 60_000;
const MOST_LISTS = 16;

type Listing = { kind: ObjectKind; session: Session; cookie: Buffer; timer: NodeJS.Timeout };

/** Lists by pages (RFC 2696). A server keeps the state of a list with its connection, so each list has its own, and its cursor ends with it. */
export const ldapLists = ({ calls, directory }: LdapShared, timeoutMs: number) => {
  const listings = new Map<string, Listing>();

  const end = (cursor: string) => {
    const listing = listings.get(cursor);
    listings.delete(cursor);
    clearTimeout(listing?.timer);
    return listing;
  };

  const keep = (kind: ObjectKind, session: Session, cookie: Buffer): string => {
    const cursor = randomUUID();
    const timer = setTimeout(() => end(cursor)?.session.close(), ABANDONED_MS).unref();
    listings.set(cursor, { kind, session, cookie, timer });
    const [oldest] = listings.keys();
    if (listings.size > MOST_LISTS && oldest !== undefined) end(oldest)?.session.close();
    return cursor;
  };

  const start = async (
    kind: ObjectKind,
    deadline: number,
  ): Promise<Outcome<Omit<Listing, 'timer' | 'cookie'> & { cookie?: Buffer }>> => {
    const base = directory.below(kind);
    if (base.kind !== 'ok') return base;
    const session = await calls.ownSession(deadline);
    return session.kind === 'ok' ? { kind: 'ok', value: { kind, session: session.value } } : session;
  };

  const resume = (kind: ObjectKind, cursor: string): Outcome<Omit<Listing, 'timer'>> => {
    const listing = end(cursor);
    return listing?.kind === kind
      ? { kind: 'ok', value: listing }
      : refused(
          'app/cursor-expired',
          'The list can’t be continued: its connection to the directory has ended. Start it again.',
        );
  };

  const page = async (
    kind: ObjectKind,
    { session, cookie: from }: { session: Session; cookie?: Buffer },
    attributes: readonly string[],
    deadline: number,
  ): Promise<Outcome<Page<Remote>>> => {
    for (let cookie = from; ;) {
      const found = await directory.searchAll(kind, undefined, {
        attributes,
        page: { size: PAGE, ...(cookie && { cookie }) },
        deadline,
        on: session,
      });
      if (found.kind !== 'ok') return found;
      ({ cookie } = found.value);
      // Active Directory may send an empty page in the middle.
      if (found.value.entries.length === 0 && cookie) continue;
      const items = await eachOf(found.value.entries, (entry) => directory.remoteOf(kind, entry, deadline));
      if (items.kind !== 'ok') return items;
      if (!cookie) session.close();
      return { kind: 'ok', value: { items: items.value, ...(cookie && { next: keep(kind, session, cookie) }) } };
    }
  };

  const list: Connector['list'] = async (kind, cursor) => {
    const deadline = Date.now() + timeoutMs;
    const listing = cursor === undefined ? await start(kind, deadline) : resume(kind, cursor);
    if (listing.kind !== 'ok') return listing;
    const read = await page(kind, listing.value, directory.attributesFor(kind), deadline);
    if (read.kind !== 'ok') listing.value.session.close();
    return read;
  };

  /** Groups are all that a directory has. */
  const entitlements: Connector['entitlements'] = async (source, cursor) => {
    if (source !== GROUPS) return refused('app/no-such-source', `The directory has no entitlements called ${source}.`);
    const groups = await list('group', cursor);
    if (groups.kind !== 'ok') return groups;
    const { items, ...next } = groups.value;
    return { kind: 'ok', value: { items: items.map(({ id, label }) => ({ id, displayName: label })), ...next } };
  };

  return {
    list,
    entitlements,
    close: () => [...listings.keys()].forEach((cursor) => end(cursor)?.session.close()),
  };
};

export const GROUPS = 'groups';
