import { describe, expect, it } from '@jest/globals';
import {
  type Attribute,
  attributesOf,
  discoverySchemas,
  enterpriseUserSchema,
  findAttribute,
  groupSchema,
  groupType,
  resourceTypeResource,
  schemaResource,
  segmentsOf,
  serviceProviderConfig,
  entraUserSchema,
  tenureUserSchema,
  userSchema,
  userType,
} from '../index.ts';

const enterprise = enterpriseUserSchema.id;
const path = (name: string, lenient = true) => {
  const found = findAttribute(userType, name, { lenient });
  return found && (found.sub ? `${found.path}.${found.sub.name}` : found.path);
};

describe('an attribute is found', () => {
  it.each([
    ['userName', 'userName'],
    ['USERNAME', 'userName'],
    ['name.GIVENNAME', 'name.givenName'],
    ['externalid', 'externalId'],
    ['meta.lastmodified', 'meta.lastModified'],
    ['groups.$REF', 'groups.$ref'],
    [`${userSchema.id}:userName`, 'userName'],
    [`${userSchema.id}:name.givenName`, 'name.givenName'],
    [`${enterprise}:department`, `${enterprise}:department`],
    [`${enterprise}.manager`, `${enterprise}:manager`],
    [`${enterprise.toLowerCase()}:manager.value`, `${enterprise}:manager.value`],
    ['department', `${enterprise}:department`],
    ['urn:scim:schemas:core:1.0:userName', 'userName'],
    ['urn:scim:schemas:extension:enterprise:2.0:costCenter', `${enterprise}:costCenter`],
    [`${tenureUserSchema.id}:orgUnitPath`, `${tenureUserSchema.id}:orgUnitPath`],
  ])('as %s', (name, expected) => expect(path(name)).toBe(expected));

  it.each([
    '',
    '.',
    'name.',
    'name.x',
    'name.givenName.x',
    'urn:x:y:department',
    enterprise,
    `${enterprise}:x`,
    '__proto__',
    'constructor',
    'toString',
    'name.__proto__',
  ])('not as %j', (name) => expect(path(name)).toBeUndefined());

  it('to the letter only under today’s URNs and with them', () => {
    expect(path('department', false)).toBeUndefined();
    expect(path('urn:scim:schemas:core:1.0:userName', false)).toBeUndefined();
  });

  it('by a path that says where its value is', () => {
    expect(segmentsOf('name.givenName')).toEqual(['name', 'givenName']);
    expect(segmentsOf(`${enterprise}:manager.value`)).toEqual([enterprise, 'manager', 'value']);
  });
});

describe('the schemas', () => {
  it('have every attribute of RFC 7643 §4', () => {
    expect(userSchema.attributes.map(({ name }) => name).join(' ')).toBe(
      'userName name displayName nickName profileUrl title userType preferredLanguage locale timezone active password emails phoneNumbers ims photos addresses groups entitlements roles x509Certificates',
    );
    expect(enterpriseUserSchema.attributes.map(({ name }) => name).join(' ')).toBe(
      'employeeNumber costCenter organization division department manager',
    );
    expect(groupSchema.attributes.map(({ name }) => name)).toEqual(['displayName', 'members']);
    expect(attributesOf(groupType).map((found) => found.path)).toEqual([
      'schemas',
      'id',
      'externalId',
      'meta',
      'displayName',
      'members',
      'urn:ietf:params:scim:schemas:extension:tenure:2.0:Group:closedToGuests',
    ]);
  });

  it('are shown by /Schemas as RFC 7643 §7 has it, without nulls', () => {
    const document = schemaResource(userSchema, 'https://t.example/Schemas/u');
    expect(document).toMatchObject({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
      id: userSchema.id,
      meta: { resourceType: 'Schema', location: 'https://t.example/Schemas/u' },
    });
    const emails = (document.attributes as Attribute[]).find(({ name }) => name === 'emails');
    expect(emails).toMatchObject({
      type: 'complex',
      multiValued: true,
      mutability: 'readWrite',
      returned: 'default',
      uniqueness: 'none',
    });
    expect(emails?.subAttributes?.find(({ name }) => name === 'type')).toMatchObject({
      canonicalValues: ['work', 'home', 'other'],
      caseExact: false,
    });
    expect(JSON.stringify(document)).not.toContain('null');
  });

  it('describe discovery itself, each document by a schema that has every attribute of it (RFC 7643 §8.7.2)', () => {
    const documents = [
      serviceProviderConfig({
        location: 'x',
        documentationUri: 'x',
        maxResults: 1,
        changePassword: true,
        pagination: { defaultPageSize: 1, maxPageSize: 1, cursorTimeout: 1 },
      }),
      resourceTypeResource(userType, 'x'),
      schemaResource(groupSchema, 'x'),
    ];
    const untold = (value: unknown, attributes: readonly Attribute[], at: string): string[] => {
      if (Array.isArray(value)) return value.flatMap((one) => untold(one, attributes, at));
      if (typeof value !== 'object' || value === null) return attributes.length > 0 ? [at] : [];
      return Object.entries(value).flatMap(([name, one]) => {
        const known = attributes.find((attribute) => attribute.name === name);
        return known ? untold(one, known.subAttributes ?? [], `${at}.${name}`) : [`${at}.${name}`];
      });
    };
    documents.forEach(({ schemas, meta: _, ...document }, index) => {
      const schema = discoverySchemas[index]!;
      expect(schemas).toEqual([schema.id]);
      expect(untold(document, schema.attributes, schema.name)).toEqual([]);
    });
    expect(
      discoverySchemas.flatMap(({ attributes }) => attributes).filter(({ mutability }) => mutability !== 'readOnly'),
    ).toEqual([]);
  });

  it('make resource types', () => {
    expect(resourceTypeResource(userType, 'https://t.example/ResourceTypes/User')).toEqual({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
      id: 'User',
      name: 'User',
      description: 'User Account',
      endpoint: '/Users',
      schema: userSchema.id,
      schemaExtensions: [
        { schema: enterprise, required: false },
        { schema: tenureUserSchema.id, required: false },
        { schema: entraUserSchema.id, required: false },
      ],
      meta: { resourceType: 'ResourceType', location: 'https://t.example/ResourceTypes/User' },
    });
    expect(resourceTypeResource({ ...groupType, extensions: [] }, 'x')).not.toHaveProperty('schemaExtensions');
  });

  it('come with what the server can do', () => {
    const options = {
      location: 'https://t.example/ServiceProviderConfig',
      maxResults: 200,
      changePassword: true,
      pagination: { defaultPageSize: 100, maxPageSize: 200, cursorTimeout: 3600 },
    };
    expect(serviceProviderConfig(options)).toMatchObject({
      patch: { supported: true },
      bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
      filter: { supported: true, maxResults: 200 },
      authenticationSchemes: [{ type: 'oauthbearertoken', primary: true }],
      pagination: { cursor: true, index: true, defaultPaginationMethod: 'index', maxPageSize: 200 },
    });
    expect(serviceProviderConfig({ ...options, bulk: { maxOperations: 100, maxPayloadSize: 1_000 } }).bulk).toEqual({
      supported: true,
      maxOperations: 100,
      maxPayloadSize: 1_000,
    });
  });
});
