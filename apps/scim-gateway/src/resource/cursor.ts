import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { expiredCursor, invalidCursor, type ListQuery } from '@tenure/scim';
import type { ScimContext } from '../connection/scim-context.ts';

export const CURSOR_SECONDS = 600;

export type Cursors = {
  /** A cursor for the page that begins at `place`, good for the same query of the same connection (RFC 9865 §2). */
  sign: (context: ScimContext, endpoint: string, query: ListQuery, place: object) => string;
  /** The place, as it was signed for this endpoint. Throws `invalidCursor` or `expiredCursor`. */
  read: <Place extends object>(context: ScimContext, endpoint: string, query: ListQuery, cursor: string) => Place;
};

/** Signed with a key derived from TENURE_SECRETS_KEY, so that every replica reads what another one gave. Cursors are of real time (design, decision 6). */
export const cursors = (secretsKey: Buffer, now: () => number = Date.now): Cursors => {
  const key = Buffer.from(hkdfSync('sha256', secretsKey, '', 'tenure cursors', 32));

  /** All that must be the same on each page; `count` may differ. */
  const binding = ({ caller }: ScimContext, endpoint: string, { filter, sortBy, sortOrder }: ListQuery) =>
    JSON.stringify([
      caller.tenantId,
      caller.connectionId,
      endpoint,
      filter ?? null,
      sortBy?.toLowerCase() ?? null,
      sortOrder,
    ]);
  const mac = (context: ScimContext, endpoint: string, query: ListQuery, body: string) =>
    createHmac('sha256', key)
      .update(binding(context, endpoint, query))
      .update('\n')
      .update(body)
      .digest();

  return {
    sign: (context, endpoint, query, page) => {
      const body = Buffer.from(JSON.stringify({ page, until: now() + CURSOR_SECONDS * 1000 })).toString('base64url');
      return `${body}.${mac(context, endpoint, query, body).toString('base64url')}`;
    },
    read: <Place extends object>(context: ScimContext, endpoint: string, query: ListQuery, cursor: string) => {
      const [body = '', signature = ''] = cursor.split('.');
      const given = Buffer.from(signature, 'base64url');
      const expected = mac(context, endpoint, query, body);
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw invalidCursor();
      const { page, until } = JSON.parse(Buffer.from(body, 'base64url').toString()) as { page: Place; until: number };
      if (now() > until) throw expiredCursor();
      return page;
    },
  };
};
