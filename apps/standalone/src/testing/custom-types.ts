import type { Client } from './client.ts';
import type { Tenant } from './world.ts';

export const DEVICE = 'urn:example:plum:2.0:Device';
export const LEASE = 'urn:example:plum:2.0:Lease';
export const BADGE = 'urn:ietf:params:scim:schemas:extension:plum:2.0:User';
export const TEAM = 'urn:example:plum:2.0:Team';

/** Of every type, and with every characteristic. */
export const deviceSchema = {
  name: 'Device',
  description: 'Something with a plug',
  attributes: [
    { name: 'serial', required: true, caseExact: true, uniqueness: 'server' },
    { name: 'model', mutability: 'immutable' },
    { name: 'weight', type: 'decimal' },
    { name: 'bought', type: 'dateTime' },
    { name: 'retired', type: 'boolean' },
    { name: 'tags', multiValued: true },
    { name: 'pin', mutability: 'writeOnly', returned: 'never' },
    { name: 'note', returned: 'request' },
    {
      name: 'owner',
      type: 'complex',
      subAttributes: [
        { name: 'value', caseExact: true },
        { name: '$ref', type: 'reference', referenceTypes: ['User'] },
        { name: 'display', mutability: 'readOnly' },
      ],
    },
    {
      name: 'ports',
      type: 'complex',
      multiValued: true,
      subAttributes: [
        { name: 'value' },
        { name: 'type' },
        { name: 'speed', type: 'integer' },
        { name: 'primary', type: 'boolean' },
      ],
    },
  ],
};
export const leaseSchema = {
  name: 'Lease',
  attributes: [
    { name: 'until', type: 'dateTime' },
    { name: 'contract', required: true },
  ],
};

/** A resource type of the tenant's own, with an extension (R71). */
export const defineDevices = async ({ directory }: Tenant) => {
  await directory.ok('PUT', `/schemas/${DEVICE}`, deviceSchema);
  await directory.ok('PUT', `/schemas/${LEASE}`, leaseSchema);
  await directory.ok('PUT', '/resource-types/Device', {
    endpoint: '/Devices',
    schema: DEVICE,
    schemaExtensions: [{ schema: LEASE }],
  });
};

/** Extensions of users and groups. */
export const extendPeople = async ({ directory }: Tenant) => {
  await directory.ok('PUT', `/schemas/${BADGE}`, {
    name: 'Badge',
    attributes: [
      { name: 'badge', required: true, uniqueness: 'global' },
      { name: 'floor', type: 'integer' },
      { name: 'since', type: 'dateTime' },
      { name: 'keys', type: 'complex', multiValued: true, subAttributes: [{ name: 'value' }, { name: 'type' }] },
    ],
  });
  await directory.ok('PUT', `/schemas/${TEAM}`, { name: 'Team', attributes: [{ name: 'budget', type: 'decimal' }] });
  await directory.ok('PUT', '/resource-types/User', { schemaExtensions: [{ schema: BADGE }] });
  await directory.ok('PUT', '/resource-types/Group', { schemaExtensions: [{ schema: TEAM }] });
};

export const device = (serial: string, more: object = {}) => ({ schemas: [DEVICE], serial, ...more });

/** What a filter finds, by whatever name it has. */
export const searcher =
  (scim: Client) =>
  async (filter: string, path = '/Devices'): Promise<string[]> =>
    (await scim.ok('GET', `${path}?filter=${encodeURIComponent(filter)}`)).Resources.map(
      ({ serial, userName, displayName }: any) => serial ?? userName ?? displayName,
    );
