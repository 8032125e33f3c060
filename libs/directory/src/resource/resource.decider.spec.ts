import { describe, expect, it } from '@jest/globals';
import { ResourceChanged, ResourceCreated, ResourceDeleted, type ResourceEvent } from '@tenure/contracts';
import { ERASED } from '@tenure/eventing';
import { given } from '@tenure/eventing/testing';
import { profiles } from '@tenure/scim';
import { ownType } from '@tenure/scim/testing';
import type { Shape } from '../schema/tenant-types.ts';
import { resourceClaims, resourceDecider, type ResourceCommand } from './resource.decider.ts';

const resource = given(resourceDecider);

const type = ownType(
  'Saw',
  { name: 'serial', caseExact: true, uniqueness: 'server' },
  { name: 'size', type: 'integer' },
  { name: 'pin', mutability: 'writeOnly', returned: 'never' },
);
const unique = [{ path: 'serial', caseExact: true, scope: 't-1/serial' }];
const saws: Shape = { id: 't-1', type, schemasVersion: 2, unique };
const saw = { schemas: [type.schema.id], serial: 'S-1', size: 3 };
const standing = { typeId: 't-1', connectionId: 'entra', changed: ['serial', 'size'], schemasVersion: 2, unique };
const created = ResourceCreated(standing, { resource: saw });
const byAdmin = ResourceCreated({ ...standing, connectionId: null }, { resource: saw });
const own = { shape: saws, connectionId: 'entra' };
const replace = (wanted: object, writing: { shape: Shape; connectionId: string | null } = own): ResourceCommand => ({
  type: 'Replace',
  resource: { schemas: saw.schemas, ...wanted },
  cleared: [],
  dialect: profiles.generic,
  ...writing,
});
const patch = (value: number, writing: { shape: Shape; connectionId: string | null } = own): ResourceCommand => ({
  type: 'Patch',
  operations: [{ op: 'replace', path: 'size', value }],
  dialect: profiles.generic,
  ...writing,
});

describe('a resource of a tenant’s own type (R71)', () => {
  it('is created, changed and deleted by the connection that made it', () => {
    resource()
      .when({ type: 'Create', resource: saw, ...own })
      .then(created);
    resource(created)
      .when({ type: 'Create', resource: saw, ...own })
      .thenRejected('resource/exists');
    resource(created)
      .when(patch(4))
      .then(ResourceChanged({ ...standing, changed: ['size'] }, { resource: { ...saw, size: 4 } }));
    resource(created)
      .when(replace({ serial: 'S-1' }))
      .then(ResourceChanged({ ...standing, changed: ['size'] }, { resource: { schemas: saw.schemas, serial: 'S-1' } }));
    resource(created)
      .when({ type: 'Delete', ...own })
      .then(ResourceDeleted({ typeId: 't-1', connectionId: 'entra' }));
  });

  it('names its schema even if it has no value at all', () => {
    const empty = { schemas: saw.schemas };
    resource()
      .when({ type: 'Create', resource: empty, ...own })
      .then(ResourceCreated({ ...standing, changed: [] }, { resource: empty }));
  });

  it('is not changed by what it is already', () => {
    resource(created).when(patch(3)).thenNothing();
    resource(created)
      .when(replace({ serial: 'S-1', size: 3 }))
      .thenNothing();
  });

  it('keeps nothing that is never returned', () => {
    resource()
      .when({ type: 'Create', resource: { ...saw, pin: '1234' }, ...own })
      .then(created);
    resource(created)
      .when({ type: 'Patch', operations: [{ op: 'add', path: 'pin', value: '1' }], dialect: profiles.generic, ...own })
      .thenNothing();
  });

  it.each<[string, ResourceCommand, string]>([
    [
      'another connection, which an auditor is told (R70)',
      patch(4, { shape: saws, connectionId: 'okta' }),
      'resource/unseen',
    ],
    ['a deletion by another connection', { type: 'Delete', shape: saws, connectionId: 'okta' }, 'resource/unseen'],
    ['a path of another type', patch(4, { shape: { ...saws, id: 't-2' }, connectionId: 'entra' }), 'resource/unknown'],
  ])('is not there for %s', (_, command, code) => {
    resource(created).when(command).thenRejected(code);
  });

  it('that an admin made is changed by admins, and only read by connections', () => {
    const admin = { shape: saws, connectionId: null };
    resource()
      .when({ type: 'Create', resource: saw, ...admin })
      .then(byAdmin);
    resource(byAdmin).when(patch(4)).thenRejected('resource/read-only');
    resource(byAdmin)
      .when(patch(4, admin))
      .then(ResourceChanged({ ...standing, connectionId: null, changed: ['size'] }, { resource: { ...saw, size: 4 } }));
    // A connection's stays the connection's.
    resource(created)
      .when(patch(4, admin))
      .then(ResourceChanged({ ...standing, changed: ['size'] }, { resource: { ...saw, size: 4 } }));
  });

  it('is gone once deleted, or once its key is destroyed', () => {
    resource(created, ResourceDeleted({ typeId: 't-1', connectionId: 'entra' }))
      .when(patch(4))
      .thenRejected('resource/unknown');
    resource(ResourceCreated(standing, ERASED)).when(patch(4)).thenRejected('resource/unknown');
    resource(ResourceCreated(standing, ERASED), ResourceDeleted({ typeId: 't-1', connectionId: 'entra' }))
      .when({ type: 'Delete', ...own })
      .thenRejected('resource/unknown');
  });

  it('holds what is unique, and its externalId within its connection and type where that is', () => {
    const claims = (...events: ResourceEvent[]) =>
      resourceClaims(events.reduce(resourceDecider.evolve, resourceDecider.initial)).map(({ kind, value }) => [
        kind,
        value,
      ]);
    const shared = ResourceCreated(standing, { resource: { ...saw, externalId: 'x' } });
    expect(claims(shared)).toEqual([['unique/t-1/serial', 'S-1']]);
    const named = ResourceCreated({ ...standing, claimsExternalId: true }, shared.personal);
    expect(claims(named)).toEqual([
      ['externalId/entra/t-1', 'x'],
      ['unique/t-1/serial', 'S-1'],
    ]);
    expect(claims(named, ResourceDeleted({ typeId: 't-1', connectionId: 'entra' }))).toEqual([]);
    expect(claims(ResourceCreated({ ...standing, unique: undefined }, { resource: saw }))).toEqual([]);
  });
});
