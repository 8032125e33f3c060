import { builtInTypes } from '@tenure/directory';
import type { ScimRequest } from './scim-context.ts';

/** `PATCH /Users/:id`: the route, without ids and queries; a path that names nothing goes unnamed. */
export const operationOf = ({ method, routeOptions, params }: ScimRequest, types = builtInTypes) => {
  const { collection } = params as { collection?: string };
  const own = types.own.find(({ type }) => type.endpoint.toLowerCase() === `/${collection?.toLowerCase()}`);
  return `${method} ${(routeOptions.url ?? '').replace(/^.*\/v2/, '').replace('/:collection', own?.type.endpoint ?? '/:collection')}`;
};
