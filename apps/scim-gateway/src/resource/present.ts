import { project, type JsonObject, type Projection, type ResourceType } from '@tenure/scim';
import type { ScimContext } from '../connection/scim-context.ts';
import type { Shown } from './scim-endpoint.ts';
import { versionOf } from './versions.ts';

export const locationOf = ({ baseUrl }: ScimContext, type: ResourceType, id: string) => `${baseUrl}${type.endpoint}/${id}`;

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** References get the URL of what they name, which only the edge knows. */
const withReferences = (context: ScimContext, elements: unknown, endpointOf: (element: JsonObject) => string) =>
  Array.isArray(elements) ? elements.filter(isObject).map((element) => ({ ...element, $ref: `${context.baseUrl}${endpointOf(element)}/${element.value as string}` })) : undefined;

/** A resource as this client asked for it: with its own URL, those it refers to, and the attributes that were wanted (RFC 7644 §3.9). */
export const present = (context: ScimContext, type: ResourceType, shown: Shown, projection: Projection): JsonObject => {
  const { resource } = shown;
  const members = withReferences(context, resource.members, ({ type: kind }) => (kind === 'Group' ? '/Groups' : '/Users'));
  const groups = withReferences(context, resource.groups, () => '/Groups');
  const located = {
    ...resource,
    meta: { ...(resource.meta as JsonObject), location: locationOf(context, type, resource.id as string), version: versionOf(shown) },
    ...(members && { members }),
    ...(groups && { groups }),
  };
  return project(type, located, projection);
};
