import { attributesOf, builtInSchemas, groupSchema, userSchema, valueAt, withValue, type Attribute, type Json, type JsonObject, type Resource, type ResourceType } from '@tenure/scim';
import type { ScimContext } from '../connection/scim-context.ts';

/** Where the resource that an element of an attribute names is: `/Users`. */
type EndpointOf = (element: JsonObject) => string;
type Reference = { path: string; endpointOf: EndpointOf };

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of an attribute of a tenant's own that has a `value` and a `$ref` to one type of resource (RFC 7643 §7, `referenceTypes`). */
const ownEndpoint = ({ types }: ScimContext, { subAttributes = [] }: Attribute): string | undefined => {
  const [name, ...more] = subAttributes.find((sub) => sub.name === '$ref')?.referenceTypes ?? [];
  const hasValue = subAttributes.some((sub) => sub.name === 'value');
  if (name === undefined || more.length > 0 || !hasValue) return undefined;
  return [types.user, types.group, ...types.own].find(({ type }) => type.name === name)?.type.endpoint;
};

const referencesIn = (context: ScimContext, type: ResourceType): Reference[] => [
  ...(type.schema === groupSchema ? [{ path: 'members', endpointOf: ({ type: kind }: JsonObject) => (kind === 'Group' ? '/Groups' : '/Users') }] : []),
  ...(type.schema === userSchema ? [{ path: 'groups', endpointOf: () => '/Groups' }] : []),
  ...attributesOf(type).flatMap(({ path, attribute, schema }) => {
    const endpoint = builtInSchemas.includes(schema) ? undefined : ownEndpoint(context, attribute);
    return endpoint === undefined ? [] : [{ path, endpointOf: () => endpoint }];
  }),
];

/** A type is another object when its tenant's schemas change. */
const known = new WeakMap<ResourceType, Reference[]>();

const referencesOf = (context: ScimContext, type: ResourceType): Reference[] => {
  const references = known.get(type) ?? referencesIn(context, type);
  known.set(type, references);
  return references;
};

/** References get the URL of what they name, which only the edge knows. */
export const withReferences = (context: ScimContext, type: ResourceType, resource: Resource): Resource =>
  referencesOf(context, type).reduce<Resource>((result, { path, endpointOf }) => {
    const value = valueAt(result, path);
    if (value === undefined) return result;
    const referring = (element: Json): Json => (isObject(element) && typeof element.value === 'string' ? { ...element, $ref: `${context.baseUrl}${endpointOf(element)}/${element.value}` } : element);
    return withValue(result, path, Array.isArray(value) ? value.map(referring) : referring(value));
  }, resource);
