import type { GroupQueries, ResourceQueries, TenantTypes, UserQueries } from '@tenure/directory';
import type { DirectoryClient } from '@tenure/platform';
import type { Attempts } from '../connection/attempts.ts';
import type { ScimContext } from '../connection/scim-context.ts';
import { groupsEndpoint } from './groups.endpoint.ts';
import { resourcesEndpoint } from './resources.endpoint.ts';
import type { ScimEndpoint } from './scim-endpoint.ts';
import { usersEndpoint } from './users.endpoint.ts';

export const ENDPOINTS = Symbol('endpoints');

/** All that a tenant's connections are served, in the order in which a query at the root lists them: users, groups, the tenant's own types. */
export type Endpoints = (context: Pick<ScimContext, 'types'>) => readonly ScimEndpoint[];

export type EndpointsDeps = {
  directory: DirectoryClient;
  users: UserQueries;
  groups: GroupQueries;
  resources: ResourceQueries;
  attempts: Attempts;
};

/** Made once for a tenant's types, which are the same object as long as its schemas stand; tenants without any of their own share one. */
export const endpoints = ({ users, groups, resources, ...deps }: EndpointsDeps): Endpoints => {
  const made = new WeakMap<TenantTypes, readonly ScimEndpoint[]>();
  const make = ({ user, group, own }: TenantTypes): readonly ScimEndpoint[] => [
    usersEndpoint({ ...deps, queries: users }, user),
    groupsEndpoint({ ...deps, queries: groups }, group),
    ...own.map((shape) => resourcesEndpoint({ ...deps, queries: resources }, shape)),
  ];
  return ({ types }) => {
    const known = made.get(types) ?? make(types);
    made.set(types, known);
    return known;
  };
};

/** The endpoint at a path such as `/Users`, in any case. */
export const endpointAt = (all: readonly ScimEndpoint[], path: string): ScimEndpoint | undefined =>
  all.find(({ type }) => type.endpoint.toLowerCase() === path.toLowerCase());
