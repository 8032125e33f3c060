import {
  attributesOf,
  builtInSchemas,
  enterpriseUserSchema,
  groupSchema,
  userSchema,
  valueAt,
  withValue,
  type Attribute,
  type Found,
  type Json,
  type JsonObject,
  type Resource,
  type ResourceType,
} from '@tenure/scim';
import type { ScimContext } from '../connection/scim-context.ts';

/** A resource type that may be named: `Group` at `/Groups`. */
export type Target = { kind: string; endpoint: string };

/** An attribute with a `$ref`. */
export type Reference = {
  path: string;
  attribute: Attribute;
  targets: readonly Target[];
  /** Whether it is made of what `value` names, which is of the only target, or of that of the element's `type`. */
  written: boolean;
  /** Whether what a client gave is there where none is written. */
  kept: boolean;
};

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const targetsOf = ({ types }: Pick<ScimContext, 'types'>, names: readonly string[]): Target[] =>
  [types.user, types.group, ...types.own]
    .filter(({ type }) => names.includes(type.name))
    .map(({ type }) => ({ kind: type.name, endpoint: type.endpoint }));

export const partOf = ({ subAttributes = [] }: Attribute, name: string): Attribute | undefined =>
  subAttributes.find((sub) => sub.name === name);

const isName = ({ type }: Attribute) => type === 'string' || type === 'reference';

const referenceIn = (context: Pick<ScimContext, 'types'>, { path, attribute, schema }: Found): Reference[] => {
  const { referenceTypes = [] } = partOf(attribute, '$ref') ?? {};
  const targets = targetsOf(context, referenceTypes);
  if (targets.length === 0) return [];
  if (schema === groupSchema) return [{ path, attribute, targets, written: true, kept: false }];
  // RFC 7643 §4.1.2 has both types; nobody but groups has members.
  if (schema === userSchema)
    return [{ path, attribute, targets: targets.filter(({ kind }) => kind === 'Group'), written: true, kept: false }];
  const value = partOf(attribute, 'value');
  // The manager (RFC 7643 §4.3), and what of a tenant's own has a `value` and a `$ref` to one type of resource (§7, `referenceTypes`).
  const isOwn = !builtInSchemas.includes(schema);
  const written =
    (isOwn || schema === enterpriseUserSchema) && referenceTypes.length === 1 && value !== undefined && isName(value);
  return [{ path, attribute, targets, written, kept: true }];
};

/** A type is another object when its tenant's schemas change. */
const known = new WeakMap<ResourceType, readonly Reference[]>();

export const referencesOf = (context: Pick<ScimContext, 'types'>, type: ResourceType): readonly Reference[] => {
  const references = known.get(type) ?? attributesOf(type).flatMap((found) => referenceIn(context, found));
  known.set(type, references);
  return references;
};

/** References get the URL of what they name, which only the edge knows. */
export const withReferences = (context: ScimContext, type: ResourceType, resource: Resource): Resource =>
  referencesOf(context, type).reduce<Resource>((result, { path, targets, written }) => {
    const value = written ? valueAt(result, path) : undefined;
    if (value === undefined) return result;
    const endpointOf = (element: JsonObject) =>
      (targets.find(({ kind }) => kind === element.type) ?? targets[0]!).endpoint;
    const referring = (element: Json): Json =>
      isObject(element) && typeof element.value === 'string'
        ? { ...element, $ref: `${context.baseUrl}${endpointOf(element)}/${element.value}` }
        : element;
    return withValue(result, path, Array.isArray(value) ? value.map(referring) : referring(value));
  }, resource);
