import type { AttributesConfig } from '../mapping/index.ts';
import { sourceValue, type Person } from '../mapping/index.ts';
import type { Remote, TargetValue } from '../connector/index.ts';

/** By what an account of the app may be somebody's. */
export type Key = 'employeeNumber' | 'externalId' | 'userName' | 'email' | 'name';

/** How sure each makes us (R88). */
const CONFIDENCE: Record<Key | 'mark', number> = {
  mark: 1,
  employeeNumber: 0.95,
  externalId: 0.95,
  userName: 0.9,
  email: 0.8,
  name: 0.4,
};
/** What stays the same as long as somebody is the same. */
const STRONG: readonly Key[] = ['employeeNumber', 'externalId'];
const CONTRADICTED = 0.4;
const CLOSE = 0.1;

export type Keys = Partial<Record<Key, readonly string[]>>;
export type Proposal = { userId: string; confidence: number; by: readonly (Key | 'mark')[] };

const keyOfSource: Record<string, Key> = {
  userprincipalname: 'userName',
  username: 'userName',
  externalid: 'externalId',
  employeeid: 'employeeNumber',
  employeenumber: 'employeeNumber',
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:employeenumber': 'employeeNumber',
  mail: 'email',
  'emails[type eq "work"].value': 'email',
  displayname: 'name',
};

const sourceOf: Record<Key, string> = {
  userName: 'userName',
  externalId: 'externalId',
  employeeNumber: 'employeeNumber',
  email: 'mail',
  name: 'displayName',
};

const normal = (text: string) => text.normalize('NFC').trim().toLowerCase();

const textsOf = (value: TargetValue | undefined): string[] => {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((each) => textsOf(each as TargetValue));
  const text = typeof value === 'object' ? (value as { value?: TargetValue }).value : value;
  return typeof text === 'object' || text === undefined || text === '' ? [] : [normal(String(text))];
};

/** What an account of the app shows of its person, by the app's own mappings: Tenure knows no other meaning of a target. */
export const keysOfRemote = ({ values }: Pick<Remote, 'values'>, { mappings, matching }: AttributesConfig): Keys => {
  const direct = mappings.flatMap((mapping) => (mapping.kind === 'direct' ? [mapping] : []));
  const keys: Partial<Record<Key, string[]>> = {};
  for (const { source, target } of [...direct, ...matching]) {
    const key = keyOfSource[source.toLowerCase()];
    if (key) keys[key] = [...new Set([...(keys[key] ?? []), ...textsOf(values[target])])];
  }
  return keys;
};

export const keysOfPerson = (person: Pick<Person, 'id' | 'resource'>): Keys => {
  const keyed = Object.entries(sourceOf).map(([key, source]) => [
    key,
    textsOf(sourceValue({ ...person, appRoles: [] }, source) as TargetValue),
  ]);
  return Object.fromEntries(keyed) as Keys;
};

/** Joined as independent evidence: 1 − ∏(1 − c). A strong key that says somebody else caps it. */
export const propose = (
  remote: Keys,
  markedUserId: string | null,
  userId: string,
  person: Keys,
): Proposal | undefined => {
  const agreeing = (Object.keys(sourceOf) as Key[]).filter((key) =>
    (remote[key] ?? []).some((value) => (person[key] ?? []).includes(value)),
  );
  const isContradicted = STRONG.some(
    (key) => (remote[key] ?? []).length > 0 && (person[key] ?? []).length > 0 && !agreeing.includes(key),
  );
  const by: (Key | 'mark')[] = [...(markedUserId === userId ? (['mark'] as const) : []), ...agreeing];
  if (by.length === 0) return undefined;
  const joined = 1 - by.reduce((doubt, key) => doubt * (1 - CONFIDENCE[key]), 1);
  const confidence = isContradicted && markedUserId !== userId ? Math.min(joined, CONTRADICTED) : joined;
  return { userId, confidence: Math.round(confidence * 1000) / 1000, by };
};

/** The likeliest first; two that are about as likely are left to an admin. */
export const ranked = (proposals: readonly Proposal[]): { proposals: Proposal[]; isAmbiguous: boolean } => {
  const sorted = proposals.toSorted(
    (one, other) => other.confidence - one.confidence || (one.userId < other.userId ? -1 : 1),
  );
  const [first, second] = sorted;
  return {
    proposals: sorted.slice(0, 10),
    isAmbiguous: first !== undefined && second !== undefined && first.confidence - second.confidence < CLOSE,
  };
};
