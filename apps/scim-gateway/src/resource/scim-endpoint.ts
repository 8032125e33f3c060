import type { Listed, ListRequest } from '@tenure/directory';
import type { Projection, Resource, ResourceType } from '@tenure/scim';
import type { ScimContext } from '../connection/scim-context.ts';

/** What the revision must be for a write, `If-Match`, and what it must not be, `If-None-Match`. */
export type ConditionalHeaders = { ifMatch?: '*' | number[]; ifNoneMatch?: '*' | number[] };

/** A resource as it is shown, all of it: projection and locations are the controller's. */
export type Shown = {
  resource: Resource;
  revision: number;
  /** A mark of what it shows that its revision does not cover: another one when that changes. */
  beside?: string;
  /** Whether a 304 may be answered: not where it shows what neither covers. */
  cacheable?: boolean;
};

/** What one resource type can do; `/Users`, `/Groups` and a tenant's own types are all served by one controller. */
export type ScimEndpoint = {
  type: ResourceType;
  /** A type that is switched off for the connection is empty (R18); absent = readable. */
  checkReadable?: (context: ScimContext) => 'readable' | 'empty';
  list: (context: ScimContext, request: ListRequest, projection: Projection) => Promise<Listed<Shown>>;
  get: (context: ScimContext, id: string, projection: Projection) => Promise<Shown | undefined>;
  create: (context: ScimContext, body: unknown, projection: Projection) => Promise<Shown>;
  replace: (
    context: ScimContext,
    id: string,
    body: unknown,
    preconditions: ConditionalHeaders,
    projection: Projection,
  ) => Promise<Shown>;
  patch: (
    context: ScimContext,
    id: string,
    body: unknown,
    preconditions: ConditionalHeaders,
    projection: Projection,
  ) => Promise<Shown>;
  delete: (context: ScimContext, id: string, preconditions: ConditionalHeaders) => Promise<void>;
  /** What a PATCH without `attributes` answers (C4). */
  patchStatus: (context: ScimContext) => 200 | 204;
};

export const isEmpty = ({ checkReadable }: ScimEndpoint, context: ScimContext): boolean =>
  checkReadable?.(context) === 'empty';
