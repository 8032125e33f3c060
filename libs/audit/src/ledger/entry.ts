import { createHash } from 'node:crypto';
import { streamParts, type Actor } from '@tenure/eventing';
import type { Fact } from '@tenure/messaging';
import { sentenceOf } from './sentence.ts';

export type EntryOutcome = 'done' | 'refused' | 'failed';
export type SubjectKind =
  | 'tenant'
  | 'admin'
  | 'key'
  | 'session'
  | 'connection'
  | 'user'
  | 'group'
  | 'schemas'
  | 'resource'
  | 'app'
  | 'account'
  | 'push';

/** What the ledger says about one fact: who, what, when and why. Holds ids, codes and names of attributes; what is personal stays sealed in `fact`. */
export type Entry = {
  id: string;
  tenantId: string;
  type: string;
  /** Business time. */
  at: string;
  recordedAt: string;
  outcome: EntryOutcome;
  actor: Actor;
  subject: { kind: SubjectKind; id: string };
  userId?: string;
  appId?: string;
  summary: string;
  changes?: { attribute: string }[];
  reason?: { code: string; message: string };
  because: { correlationId: string; causationId: string; ruleId?: string; timerId?: string };
  event: { stream: string; revision: number };
  /** SHA-256 of the fact with its sealed form, so that it can be checked after a person's key is gone (design, decision 11). */
  hash: string;
};

type Data = Fact['data'] & {
  changed?: unknown;
  code?: unknown;
  reason?: unknown;
  userId?: unknown;
  appId?: unknown;
  adminId?: unknown;
  ruleId?: unknown;
  timerId?: unknown;
};

const text = (value: unknown) => (typeof value === 'string' ? value : undefined);

/** Pure: the entry of a fact. */
export const entryOf = (fact: Fact): Entry => {
  const data = fact.data as Data;
  const { tenantId, actor, correlationId, causationId, occurredAt } = fact.metadata;
  const subject = subjectOf(fact, data);
  // A resource of a tenant's own type is sealed with a key of its own (R71): that is nobody's.
  const personId = subject.kind === 'resource' ? undefined : fact.personId;
  const userId =
    subject.kind === 'user' ? subject.id : (personId ?? text(data.userId === subject.id ? undefined : data.userId));
  const appId = subject.kind === 'app' ? subject.id : text(data.appId);
  const changed = Array.isArray(data.changed)
    ? data.changed.filter((name): name is string => typeof name === 'string')
    : [];
  const reason = reasonOf(fact.type, data);
  return {
    id: fact.id,
    tenantId,
    type: fact.type,
    at: occurredAt,
    recordedAt: fact.recordedAt,
    outcome: outcomes[fact.type] ?? 'done',
    actor,
    subject,
    ...(userId !== undefined && { userId }),
    ...(appId !== undefined && { appId }),
    summary: sentenceOf(fact.type, changed, reason?.code),
    ...(changed.length > 0 && { changes: changed.map((attribute) => ({ attribute })) }),
    ...(reason && { reason }),
    because: { correlationId, causationId, ...ids(data) },
    event: { stream: fact.stream, revision: fact.revision },
    hash: hashOf(fact),
  };
};

const ids = ({ ruleId, timerId }: Data) => ({
  ...(text(ruleId) !== undefined && { ruleId: text(ruleId) }),
  ...(text(timerId) !== undefined && { timerId: text(timerId) }),
});

const subjectOf = ({ type, stream, metadata }: Fact, data: Data): Entry['subject'] => {
  const { category, id } = streamParts(stream);
  // Of a day, by who asked: `{asker}_2026-01-05`, a connection, an admin or a key.
  if (category === 'attempts')
    return metadata.connectionId !== undefined
      ? { kind: 'connection', id: metadata.connectionId }
      : { kind: metadata.actor.kind === 'key' ? 'key' : 'admin', id: id.replace(/_[\d-]{10}$/, '') };
  if (type.startsWith('Key')) return { kind: 'key', id };
  if (category === 'tenant' && text(data.adminId) !== undefined) return { kind: 'admin', id: text(data.adminId)! };
  return { kind: category as SubjectKind, id };
};

const outcomes: Readonly<Record<string, EntryOutcome>> = {
  RequestRefused: 'refused',
  DeliveryFailed: 'failed',
  PushFailed: 'failed',
  ForeignAccountFound: 'failed',
  AmbiguousAccountsFound: 'failed',
};

/** Of facts that are a reason by themselves. */
const reasons: Readonly<Record<string, string>> = {
  ForeignAccountFound: 'account/foreign-match',
  AmbiguousAccountsFound: 'account/ambiguous-match',
};

/** A code is stable and says nothing about anybody; what a remote system said is personal, and stays sealed. */
const reasonOf = (type: string, { code, reason }: Data): Entry['reason'] => {
  const given = text(code) ?? text(reason) ?? text((reason as { code?: unknown } | undefined)?.code) ?? reasons[type];
  return given === undefined ? undefined : { code: given, message: sentenceOf(given, []) };
};

/** The same whatever order the keys were stored in. */
export const hashOf = ({
  id,
  type,
  schemaVersion,
  stream,
  revision,
  data,
  personId,
  personal,
  metadata,
}: Fact): string =>
  createHash('sha256')
    .update(canonical({ id, type, schemaVersion, stream, revision, data, personId, personal, metadata }))
    .digest('hex');

const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`;
};
