import { storableText } from '@tenure/eventing';
import type { ObjectKind, Remote, Scalar, TargetValue } from '@tenure/provisioning/connector';
import { isObject, type Json, type JsonObject } from '@tenure/scim';
import type { Redact } from '../redaction/redact.ts';
import { valueIn } from './scim-body.ts';

/** The type in which an app gives its ids, so that they go back as they came. */
export type IdType = 'string' | 'number';

export type ReadObject = { remote: Remote; idType: IdType };

export type ReadOptions = {
  kind: ObjectKind;
  /** Names of targets that `values` is to have. */
  used: readonly string[];
  /** Where the app keeps our mark. */
  mark: string | null;
  redact: Redact;
};

const LONGEST_ID = 1000;
const LONGEST_TEXT = 64 * 1024;

/** An id as text; `undefined` where there is none that can be kept. */
export const idOf = (id: Json | undefined): string | undefined => {
  if (typeof id === 'number') return Number.isSafeInteger(id) ? String(id) : undefined;
  const isKept = typeof id === 'string' && id !== '' && id.length <= LONGEST_ID && storableText(id) === id;
  return isKept ? id : undefined;
};

/** RFC 7644 §3.4.2: `Resources` may be left out where nothing was found. */
export const resourcesIn = (body: JsonObject | undefined): JsonObject[] | undefined => {
  if (!body || !Number.isFinite(totalIn(body))) return undefined;
  return Array.isArray(body['Resources']) ? body['Resources'].filter(isObject) : [];
};

/** Some apps give it as text. */
export const totalIn = (body: JsonObject): number => {
  const { totalResults } = body;
  return typeof totalResults === 'number' || typeof totalResults === 'string' ? Number(totalResults) : Number.NaN;
};

/** A resource as the core knows it; `undefined` where it has no id that can be kept. */
export const readObject = (resource: JsonObject, { kind, used, mark, redact }: ReadOptions): ReadObject | undefined => {
  const id = idOf(resource['id']);
  if (id === undefined) return undefined;
  const clean = (value: TargetValue): TargetValue => {
    if (typeof value === 'string') return redact.text(storableText(value)).slice(0, LONGEST_TEXT);
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map((each) => clean(each as TargetValue)) as TargetValue;
    return Object.fromEntries(
      Object.entries(value as Record<string, Scalar>).map(([name, part]) => [
        storableText(name),
        clean(part) as Scalar,
      ]),
    );
  };
  const values = Object.fromEntries(
    used.flatMap((target) => {
      const value = valueIn(resource, target);
      return value === undefined ? [] : [[target, clean(value)] as const];
    }),
  );
  const marked = mark === null ? undefined : valueIn(resource, mark);
  const active = valueIn(resource, 'active');
  const meta = isObject(resource['meta']) ? resource['meta'] : {};
  const label = [resource['userName'], resource['displayName']].find((each) => typeof each === 'string');
  return {
    idType: typeof resource['id'] === 'number' ? 'number' : 'string',
    remote: {
      kind,
      id,
      label: typeof label === 'string' ? redact.reason(label) : id,
      ...(typeof marked === 'string' && marked !== '' && { mark: storableText(marked) }),
      ...(kind === 'account' &&
        active !== undefined && { active: !/^(false|0)$/i.test(JSON.stringify(active).replaceAll('"', '')) }),
      values,
      ...(typeof meta['version'] === 'string' && { version: storableText(meta['version']) }),
      ...(typeof meta['created'] === 'string' &&
        !Number.isNaN(Date.parse(meta['created'])) && { createdAt: new Date(meta['created']).toISOString() }),
    },
  };
};

/** A value of a target that refers to accounts, with their ids in the type in which the app gives ids. */
export const referenceToSend = (value: TargetValue, idType: IdType | undefined): TargetValue => {
  if (value === null || idType !== 'number') return value;
  if (Array.isArray(value)) return value.map((each) => referenceToSend(each as TargetValue, idType)) as TargetValue;
  if (typeof value !== 'object') return idToSend(String(value), idType) as Scalar;
  const { value: id, ...parts } = value as Readonly<Record<string, Scalar>>;
  return id === undefined ? value : { ...parts, value: idToSend(String(id), idType) as Scalar };
};

/** An id in the type in which the app gives ids. */
export const idToSend = (id: string, idType: IdType | undefined): Json =>
  idType === 'number' && String(Number(id)) === id ? Number(id) : id;
