import {
  ResourceChanged,
  ResourceCreated,
  ResourceDeleted,
  type ResourceEvent,
  type UniqueAttribute,
} from '@tenure/contracts';
import { ERASED, Rejected, type Claim, type Decider } from '@tenure/eventing';
import {
  applyPatch,
  applyReplacement,
  pathsOf,
  withoutHidden,
  withSchemas,
  type Dialect,
  type PatchOperation,
  type Resource,
} from '@tenure/scim';
import { saidOf, type Shape } from '../schema/tenant-types.ts';
import { uniqueClaims } from '../schema/unique.claims.ts';
import { inScim } from '../user/user.rules.ts';
import { settleWithinLimits } from '../user/settle-within-limits.ts';
import { refuseOverlong } from '../user/unique-key.ts';

export type ResourceState =
  | { status: 'none' }
  | {
      status: 'present';
      typeId: string;
      connectionId: string | null;
      resource: Resource;
      /** Whether no other of its type and connection may have this externalId. */
      claimsExternalId: boolean;
      schemasVersion?: number;
      unique?: readonly UniqueAttribute[];
    }
  | { status: 'deleted' }
  /** Its key was destroyed. */
  | { status: 'erased' };

type PresentResource = Extract<ResourceState, { status: 'present' }>;

/** Who writes: a connection, by its id, or an admin. `shape` is the resource type as the tenant has it. */
export type Writing = { shape: Shape; connectionId: string | null; uniqueExternalId?: boolean };

export type ResourceCommand =
  | ({ type: 'Create'; resource: Resource } & Writing)
  | ({ type: 'Replace'; resource: Resource; cleared: string[]; dialect: Pick<Dialect, 'putClears'> } & Writing)
  | ({ type: 'Patch'; operations: readonly PatchOperation[]; dialect: Dialect } & Writing)
  | ({ type: 'Delete' } & Writing);

const unknown = () => new Rejected('not-found', 'resource/unknown', 'There is no such resource.');

const decide = (command: ResourceCommand, state: ResourceState): ResourceEvent[] => {
  const { shape, connectionId } = command;
  switch (command.type) {
    case 'Create': {
      if (state.status !== 'none') throw new Rejected('conflict', 'resource/exists', 'A resource with this id exists.');
      const { resource, changed } = settleWithinLimits(
        shape.type,
        withSchemas(shape.type, {}),
        kept(shape, command.resource),
      );
      const standing = { typeId: shape.id, connectionId, changed, ...claiming(command.uniqueExternalId) };
      return [ResourceCreated({ ...standing, ...saidOf(shape) }, { resource })];
    }
    case 'Replace': {
      const present = writable(state, command);
      // A resource has one writer: what it has is what this writer set (C11).
      return change(
        present,
        command,
        inScim(
          () =>
            applyReplacement(
              shape.type,
              present.resource,
              command,
              command.dialect,
              pathsOf(shape.type, present.resource),
            ).resource,
        ),
      );
    }
    case 'Patch': {
      const present = writable(state, command);
      return change(
        present,
        command,
        inScim(() => applyPatch(shape.type, present.resource, command.operations, command.dialect).resource),
      );
    }
    case 'Delete': {
      const { typeId, connectionId: owner } = writable(state, command);
      return [ResourceDeleted({ typeId, connectionId: owner })];
    }
  }
};

const kept = ({ type }: Shape, resource: Resource): Resource => {
  refuseOverlong({ externalId: resource.externalId });
  return withoutHidden(type, resource);
};

/** Of a connection those that it made; an admin's are there for all to read, and for admins to change. Others are 404 (decision 14). */
const writable = (state: ResourceState, { shape, connectionId }: Writing): PresentResource => {
  if (state.status !== 'present' || state.typeId !== shape.id) throw unknown();
  if (connectionId === null || state.connectionId === connectionId) return state;
  // The same to the client; an auditor sees that somebody ran into a wall (R70).
  if (state.connectionId !== null) throw new Rejected('not-found', 'resource/unseen', unknown().message);
  throw new Rejected('forbidden', 'resource/read-only', 'An admin made this resource: connections can only read it.');
};

const claiming = (claims = false) => (claims ? { claimsExternalId: true as const } : {});

const change = (
  { resource: before, connectionId, claimsExternalId }: PresentResource,
  { shape, uniqueExternalId }: Writing,
  after: Resource,
): ResourceEvent[] => {
  const { resource, changed } = settleWithinLimits(shape.type, before, kept(shape, after));
  if (changed.length === 0) return [];
  const claims = claiming(changed.includes('externalId') ? uniqueExternalId : claimsExternalId);
  return [ResourceChanged({ typeId: shape.id, connectionId, changed, ...claims, ...saidOf(shape) }, { resource })];
};

const evolve = (state: ResourceState, event: ResourceEvent): ResourceState => {
  switch (event.type) {
    case 'ResourceCreated':
    case 'ResourceChanged': {
      if (event.personal === ERASED) return { status: 'erased' };
      const { typeId, connectionId, schemasVersion, unique } = event.data;
      const claimsExternalId = event.data.claimsExternalId === true;
      const { resource } = event.personal;
      return { status: 'present', typeId, connectionId, resource, claimsExternalId, schemasVersion, unique };
    }
    case 'ResourceDeleted':
      return state.status === 'erased' ? state : { status: 'deleted' };
  }
};

export const resourceDecider: Decider<ResourceState, ResourceCommand, ResourceEvent> = {
  initial: { status: 'none' },
  decide,
  evolve,
};

/** An externalId within its connection and type where the connection's settings say so (RFC 7643 §3.1, C17); the rest is as the tenant's schemas say. */
export const resourceClaims = (state: ResourceState): Claim[] => {
  if (state.status !== 'present') return [];
  const { typeId, connectionId, resource, claimsExternalId, unique } = state;
  const { externalId } = resource;
  const own = uniqueClaims(resource, unique);
  if (!claimsExternalId || typeof externalId !== 'string') return own;
  return [
    {
      kind: `externalId/${connectionId ?? ''}/${typeId}`,
      value: externalId,
      code: 'resource/external-id-taken',
      message: 'Another resource of this type and connection has this externalId.',
    },
    ...own,
  ];
};
