import type { OwnResourceType } from '@tenure/contracts';
import { builtInTypes, GROUP, USER, type Definitions, type Shape } from './tenant-types.ts';

/** A built-in type as an admin sees it: what it has anyway, then what the tenant added. */
const shownBuiltIn = (
  { id, type: { name, description = '', endpoint, schema, extensions } }: Shape,
  { resourceTypes }: Definitions,
): OwnResourceType => ({
  id,
  name,
  description,
  endpoint,
  schema: schema.id,
  schemaExtensions: [
    ...extensions.map((extension) => ({ schema: extension.schema.id, required: extension.required })),
    ...(resourceTypes.find((one) => one.id === id)?.schemaExtensions ?? []),
  ],
});

/** All resource types of a tenant: users, groups, its own. */
export const shownTypes = (definitions: Definitions): OwnResourceType[] => [
  shownBuiltIn(builtInTypes.user, definitions),
  shownBuiltIn(builtInTypes.group, definitions),
  ...definitions.resourceTypes.filter(({ id }) => id !== USER && id !== GROUP),
];
