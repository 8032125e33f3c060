import type { JsonObject } from '@tenure/scim';
import type { EntitlementKind } from '../rules/index.ts';
import type { Match, ScimOperation } from '../mapping/index.ts';

/** A remote account as the app shows it. */
export type RemoteAccount = {
  /** The joining key (R38): what the app knows the account by. */
  remoteId: string;
  externalId?: string;
  /** The whole resource, as the app answered. */
  resource: JsonObject;
};

export type RemoteGroup = { id: string; displayName: string };

export type RemoteEntitlement = { kind: EntitlementKind; value: string; displayName: string };

/** `next`: where the next page starts, if there is one. */
export type EntitlementPage = { items: RemoteEntitlement[]; total: number; next?: number };

/**
 * What came of a call to an app. Answers of an app are never thrown; a throw is a bug of the connector.
 * `reason` is for people: what the app said, without its headers and at most a few hundred characters. It is personal data (design, decision 2).
 */
export type Outcome<Value = void> =
  | { kind: 'ok'; value: Value }
  /** 401: the credentials are not accepted any more (R52). */
  | { kind: 'unauthorized'; reason: string }
  /** 408, 429, 5xx, or no connection at all: certainly nothing was done, or doing it again is harmless. */
  | { kind: 'retry'; reason: string; afterSeconds?: number }
  /** Any other 4xx, or an answer that can't be understood. */
  | { kind: 'refused'; status: number; reason: string }
  /** Sent, and then timed out or cut off: it may have been done. */
  | { kind: 'unknown'; reason: string };

/** What failed, of any call. */
export type Failure = Exclude<Outcome<never>, { kind: 'ok' }>;

/** The port to one app: its endpoint and credentials are in it. Each call has a time-out of `CALL_TIMEOUT_MS` of real time. */
export type Connector = {
  /** `GET /Users?count=1` (R34). `status` is that of the answer. */
  test: () => Promise<Outcome<{ status: number }>>;
  /** All accounts that the filter finds, the first few at most. */
  find: (match: Pick<Match, 'filter'>) => Promise<Outcome<RemoteAccount[]>>;
  create: (body: JsonObject) => Promise<Outcome<RemoteAccount>>;
  /** `undefined` = the app has no such account (any more). */
  get: (remoteId: string) => Promise<Outcome<RemoteAccount | undefined>>;
  /** One operation and path per attribute. An account that is gone is refused with 404 (R67). */
  update: (remoteId: string, operations: readonly ScimOperation[]) => Promise<Outcome>;
  setActive: (remoteId: string, active: boolean) => Promise<Outcome>;
  /** An account that is gone already (404) is ok. */
  delete: (remoteId: string) => Promise<Outcome>;
  /** By exact displayName; `undefined` = the app has no such group, which is never made there. */
  findGroup: (displayName: string) => Promise<Outcome<RemoteGroup | undefined>>;
  /** Ids of accounts in the app. Adding who is in and removing who is out is ok. */
  changeGroupMembers: (groupId: string, add: readonly string[], remove: readonly string[]) => Promise<Outcome>;
  /** What can be given in the app, a page from the n-th on; of a group, `value` is its displayName (R58). */
  listEntitlements: (startIndex: number) => Promise<Outcome<EntitlementPage>>;
};

/** After this, a call that was sent counts as of unknown outcome. Leases outlast it (design, decision 17). */
export const CALL_TIMEOUT_MS = 30_000;
