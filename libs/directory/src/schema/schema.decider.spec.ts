import { describe, expect, it } from '@jest/globals';
import {
  ResourceTypeDefined,
  ResourceTypeDeleted,
  SchemaDefined,
  SchemaDeleted,
  type OwnResourceType,
  type OwnSchema,
  type SchemaEvent,
} from '@tenure/contracts';
import { given } from '@tenure/eventing/testing';
import { enterpriseUserSchema, groupSchema, userSchema } from '@tenure/scim';
import { ownSchema, type GivenAttribute } from '@tenure/scim/testing';
import fc from 'fast-check';
import { schemaDecider, type SchemaCommand, type SchemasState } from './schema.decider.ts';
import { LIMITS, usagesOf, type Usage } from './schema.rules.ts';

const schemas = given(schemaDecider);

const schema = (id: string, ...attributes: GivenAttribute[]): OwnSchema =>
  ownSchema(id, ...(attributes.length > 0 ? attributes : [{ name: 'label' }]));
const device = schema('urn:example:plum:2.0:Device', { name: 'serial' }, { name: 'weight', type: 'decimal' });
const lease = schema('urn:example:plum:2.0:Lease');
const deviceType: OwnResourceType = {
  id: 't-1',
  name: 'Device',
  description: '',
  endpoint: '/Devices',
  schema: device.id,
  schemaExtensions: [{ schema: lease.id, required: false }],
};
const userExtended: OwnResourceType = {
  id: 'User',
  name: 'User',
  description: '',
  endpoint: '/Users',
  schema: userSchema.id,
  schemaExtensions: [{ schema: lease.id, required: true }],
};

const defined: SchemaEvent[] = [SchemaDefined({ schema: device }), SchemaDefined({ schema: lease })];
const typed: SchemaEvent[] = [...defined, ResourceTypeDefined({ resourceType: deviceType })];
const inDevices: Usage = { typeId: 't-1', schemaId: device.id, extension: false };
const leaseInDevices: Usage = { typeId: 't-1', schemaId: lease.id, extension: true };
const define = (one: OwnSchema, ...stored: Usage[]): SchemaCommand => ({ type: 'DefineSchema', schema: one, stored });
const defineType = (
  resourceType: Extract<SchemaCommand, { type: 'DefineResourceType' }>['resourceType'],
  ...stored: Usage[]
): SchemaCommand => ({ type: 'DefineResourceType', resourceType, stored });

describe('a schema (R71)', () => {
  it('is defined, and defined again without effect', () => {
    schemas()
      .when(define(device))
      .then(SchemaDefined({ schema: device }));
    schemas(...defined)
      .when(define(device))
      .thenNothing();
  });

  it('keeps the spelling of its URN', () => {
    schemas(...defined)
      .when(define({ ...device, id: device.id.toUpperCase(), name: 'Gadget' }))
      .then(SchemaDefined({ schema: { ...device, name: 'Gadget' } }));
  });

  it.each([
    userSchema.id,
    enterpriseUserSchema.id,
    'urn:ietf:params:scim:schemas:extension:tenure:2.0:User',
    'urn:ietf:params:scim:api:messages:2.0:Error',
    'URN:ietf:params:scim:schemas:core:2.0:user',
    'urn:ietf:params:scim:schemas:core:2.0:User:more',
    'urn:ietf:params:scim:schemas:core:2.0:ResourceType',
    'urn:ietf:params:scim:schemas:core:2.0',
    'urn:ietf:params:scim:schemas',
    'urn:scim:schemas:core:1.0',
  ])('can’t be %s, which is in use', (id) => {
    schemas()
      .when(define(schema(id)))
      .thenRejected('schema/invalid');
  });

  it.each([
    'urn:ietf:params:scim:schemas:extension:plum:2.0:User',
    'urn:ietf:params:scim:schemas:core:2.0:Role',
    'urn:ietf:params:scim:schemas:plum:1.0:Badge',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:Group',
    'urn:scim:schemas:core:1.0:Device',
  ])('may be %s, which nothing here uses', (id) => {
    const badge = schema(id);
    schemas()
      .when(define(badge))
      .then(SchemaDefined({ schema: badge }));
  });

  it.each([`${device.id}:part`, `${device.id}.1`, 'urn:example:plum:2.0'])(
    'can’t be %s, which a path could take for another',
    (id) => {
      schemas(...defined)
        .when(define(schema(id)))
        .thenRejected('schema/invalid');
    },
  );

  it('has a limit in size and in number', () => {
    const huge = schema(
      'urn:example:huge',
      ...Array.from({ length: 100 }, (_, index) => ({ name: `a${index}`, description: 'x'.repeat(1000) })),
    );
    schemas().when(define(huge)).thenRejected('schema/invalid');
    const many = Array.from({ length: LIMITS.schemas }, (_, index) =>
      SchemaDefined({ schema: schema(`urn:example:n${index}`) }),
    );
    schemas(...many)
      .when(define(device))
      .thenRejected('schema/too-many');
  });

  it('changes freely while no resource has values of it, and else so that they stay readable', () => {
    const other = schema(device.id, { name: 'serial', type: 'integer' });
    const more = schema(
      device.id,
      { name: 'serial', required: true },
      { name: 'weight', type: 'decimal' },
      { name: 'colour' },
    );
    schemas(...typed)
      .when(define(other))
      .then(SchemaDefined({ schema: other }));
    schemas(...typed)
      .when(define(other, inDevices))
      .thenRejected('schema/in-use');
    schemas(...typed)
      .when(define(more, inDevices))
      .then(SchemaDefined({ schema: more }));
  });

  it('is deleted when no type uses it', () => {
    schemas(...typed)
      .when({ type: 'DeleteSchema', schemaId: device.id })
      .thenRejected('schema/used');
    schemas(...typed)
      .when({ type: 'DeleteSchema', schemaId: lease.id })
      .thenRejected('schema/used');
    schemas(...defined)
      .when({ type: 'DeleteSchema', schemaId: lease.id.toLowerCase() })
      .then(SchemaDeleted({ schemaId: lease.id }));
    schemas().when({ type: 'DeleteSchema', schemaId: lease.id }).thenRejected('schema/unknown');
  });
});

describe('a resource type (R71)', () => {
  it('is defined once, and keeps its id', () => {
    schemas(...defined)
      .when(defineType(deviceType))
      .then(ResourceTypeDefined({ resourceType: deviceType }));
    schemas(...typed)
      .when(defineType({ ...deviceType, id: 't-9' }))
      .thenNothing();
    schemas(...typed)
      .when(defineType({ ...deviceType, id: 't-9', name: 'DEVICE', description: 'new' }))
      .then(ResourceTypeDefined({ resourceType: { ...deviceType, description: 'new' } }));
  });

  it.each<[string, object]>([
    ['a name of the protocol', { name: 'Schema' }],
    ['the path of users', { name: 'Thing', endpoint: '/users' }],
    ['the path of discovery', { name: 'Thing', endpoint: '/ServiceProviderConfig' }],
    ['the path of another', { name: 'Thing', endpoint: '/devices' }],
    ['no path', { name: 'Thing', endpoint: undefined }],
    ['a core schema', { name: 'Thing', endpoint: '/Things', schema: userSchema.id }],
    ['no schema', { name: 'Thing', endpoint: '/Things', schema: undefined }],
    [
      'an extension that isn’t there',
      { name: 'Thing', endpoint: '/Things', schemaExtensions: [{ schema: 'urn:example:none', required: false }] },
    ],
    [
      'its schema as extension',
      { name: 'Thing', endpoint: '/Things', schemaExtensions: [{ schema: device.id, required: false }] },
    ],
    [
      'an extension twice',
      {
        name: 'Thing',
        endpoint: '/Things',
        schemaExtensions: [
          { schema: lease.id, required: false },
          { schema: lease.id, required: true },
        ],
      },
    ],
  ])('can’t have %s', (_, change) => {
    schemas(...typed)
      .when(defineType({ ...deviceType, id: 't-2', ...change }))
      .thenRejected('resource-type/invalid');
  });

  it('stays where its resources are, with the extensions that they have values of', () => {
    const moved = { ...deviceType, endpoint: '/Gadgets' };
    const bare = { ...deviceType, schemaExtensions: [] };
    schemas(...typed)
      .when(defineType(moved))
      .then(ResourceTypeDefined({ resourceType: moved }));
    schemas(...typed)
      .when(defineType(moved, inDevices))
      .thenRejected('resource-type/in-use');
    schemas(...typed)
      .when(defineType({ ...bare, schema: lease.id }, inDevices))
      .thenRejected('resource-type/in-use');
    schemas(...typed)
      .when(defineType(bare, inDevices))
      .then(ResourceTypeDefined({ resourceType: bare }));
    schemas(...typed)
      .when(defineType(bare, inDevices, leaseInDevices))
      .thenRejected('resource-type/in-use');
  });

  it('is deleted when nothing of it lives', () => {
    schemas(...typed)
      .when({ type: 'DeleteResourceType', name: 'device', stored: [inDevices] })
      .thenRejected('resource-type/in-use');
    schemas(...typed)
      .when({ type: 'DeleteResourceType', name: 'device', stored: [] })
      .then(ResourceTypeDeleted({ typeId: 't-1', name: 'Device' }));
    schemas().when({ type: 'DeleteResourceType', name: 'Device', stored: [] }).thenRejected('resource-type/unknown');
  });
});

describe('users and groups (R71)', () => {
  const extend = (name: string, ...extensions: string[]) =>
    defineType({
      id: 'x',
      name,
      description: 'mine',
      schemaExtensions: extensions.map((one) => ({ schema: one, required: true })),
    });

  it('get extensions beside those that they have', () => {
    schemas(...defined)
      .when(extend('user', enterpriseUserSchema.id, lease.id))
      .then(ResourceTypeDefined({ resourceType: userExtended }));
    const groups: OwnResourceType = {
      ...userExtended,
      id: 'Group',
      name: 'Group',
      endpoint: '/Groups',
      schema: groupSchema.id,
    };
    schemas(...defined)
      .when(extend('Group', lease.id))
      .then(ResourceTypeDefined({ resourceType: groups }));
    schemas(...defined)
      .when(extend('User'))
      .thenNothing();
  });

  it('stay what they are', () => {
    schemas(...defined)
      .when(defineType({ ...userExtended, endpoint: '/People' }))
      .thenRejected('resource-type/invalid');
    schemas(...defined)
      .when(defineType({ ...userExtended, schema: device.id }))
      .thenRejected('resource-type/invalid');
  });

  it('lose an extension that nobody has values of', () => {
    const history = [...defined, ResourceTypeDefined({ resourceType: userExtended })];
    const inUsers: Usage = { typeId: 'User', schemaId: lease.id, extension: true };
    schemas(...history)
      .when({ type: 'DeleteResourceType', name: 'User', stored: [] })
      .then(ResourceTypeDeleted({ typeId: 'User', name: 'User' }));
    schemas(...history)
      .when({ type: 'DeleteResourceType', name: 'User', stored: [inUsers] })
      .thenRejected('resource-type/in-use');
    schemas().when({ type: 'DeleteResourceType', name: 'User', stored: [] }).thenNothing();
  });
});

describe('whatever an admin does (R71)', () => {
  const name = fc.constantFrom('Device', 'device', 'User', 'Thing', 'Bulk', '__proto__', 'a b');
  const urn = fc.constantFrom(
    device.id,
    lease.id,
    device.id.toUpperCase(),
    userSchema.id,
    'urn:example:other',
    'urn:example:other:more',
    'nonsense',
  );
  const usage = fc.record({ typeId: fc.constantFrom('t-1', 'User', 'Group'), schemaId: urn, extension: fc.boolean() });
  const attribute = fc.record({
    name: fc.constantFrom('serial', 'weight', 'toString', 'id', 'a.b'),
    type: fc.constantFrom('string' as const, 'integer' as const),
  });
  const extensions = fc.array(fc.record({ schema: urn, required: fc.boolean() }), { maxLength: 2 });
  const command: fc.Arbitrary<SchemaCommand> = fc.oneof(
    fc.record({
      type: fc.constant('DefineSchema' as const),
      schema: fc
        .tuple(urn, fc.array(attribute, { maxLength: 2 }))
        .map(([id, attributes]) => ownSchema(id, ...attributes)),
      stored: fc.array(usage),
    }),
    fc.record({ type: fc.constant('DeleteSchema' as const), schemaId: urn }),
    fc.record({
      type: fc.constant('DefineResourceType' as const),
      resourceType: fc.record({
        id: fc.constantFrom('t-1', 't-2'),
        name,
        description: fc.constant(''),
        endpoint: fc.constantFrom('/Devices', '/Users', '/Things', undefined),
        schema: fc.option(urn, { nil: undefined }),
        schemaExtensions: extensions,
      }),
      stored: fc.array(usage),
    }),
    fc.record({ type: fc.constant('DeleteResourceType' as const), name, stored: fc.array(usage) }),
  );

  it('ends in a refusal or in definitions that fit together: no type without its schemas, no path twice, no name that is reserved', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 12 }), (commands) => {
        let state: SchemasState = schemaDecider.initial;
        for (const one of commands) {
          try {
            state = schemaDecider.decide(one, state).reduce(schemaDecider.evolve, state);
          } catch (error) {
            expect(error).toMatchObject({ name: 'Rejected' });
          }
        }
        const own = state.resourceTypes.filter(({ id }) => id !== 'User' && id !== 'Group');
        const ids = state.schemas.map(({ id }) => id);
        for (const { schemaId } of usagesOf(state)) expect(ids).toContain(schemaId);
        const endpoints = [...own.map(({ endpoint }) => endpoint.toLowerCase()), '/users', '/groups'];
        expect(new Set(endpoints).size).toBe(endpoints.length);
        expect(new Set(ids.map((id) => id.toLowerCase())).size).toBe(ids.length);
        for (const { attributes } of state.schemas)
          for (const { name: attributeName } of attributes) expect(['serial', 'weight']).toContain(attributeName);
        for (const { name: typeName } of own) expect(['Device', 'device', 'Thing']).toContain(typeName);
      }),
    );
  });
});
