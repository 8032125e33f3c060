import { describe, expect, it } from '@jest/globals';
import {
  type Attribute,
  type JsonObject,
  ScimProblem,
  attributesOf,
  enterpriseUserSchema,
  findAttribute,
  groupSchema,
  groupType,
  parseResource,
  parseResourceTypeDefinition,
  parseSchemaDefinition,
  profiles,
  resourceTypeResource,
  schemaResource,
  segmentsOf,
  serviceProviderConfig,
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

  it.each(['', '.', 'name.', 'name.x', 'name.givenName.x', 'urn:x:y:department', enterprise, `${enterprise}:x`, '__proto__', 'constructor', 'toString', 'name.__proto__'])('not as %j', (name) =>
    expect(path(name)).toBeUndefined(),
  );

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
    expect(enterpriseUserSchema.attributes.map(({ name }) => name).join(' ')).toBe('employeeNumber costCenter organization division department manager');
    expect(groupSchema.attributes.map(({ name }) => name)).toEqual(['displayName', 'members']);
    expect(attributesOf(groupType).map((found) => found.path)).toEqual(['schemas', 'id', 'externalId', 'meta', 'displayName', 'members', 'urn:ietf:params:scim:schemas:extension:tenure:2.0:Group:closedToGuests']);
  });

  it('are shown by /Schemas as RFC 7643 §7 has it, without nulls', () => {
    const document = schemaResource(userSchema, 'https://t.example/Schemas/u');
    expect(document).toMatchObject({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'], id: userSchema.id, meta: { resourceType: 'Schema', location: 'https://t.example/Schemas/u' } });
    const emails = (document.attributes as Attribute[]).find(({ name }) => name === 'emails');
    expect(emails).toMatchObject({ type: 'complex', multiValued: true, mutability: 'readWrite', returned: 'default', uniqueness: 'none' });
    expect(emails?.subAttributes?.find(({ name }) => name === 'type')).toMatchObject({ canonicalValues: ['work', 'home', 'other'], caseExact: false });
    expect(JSON.stringify(document)).not.toContain('null');
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
      ],
      meta: { resourceType: 'ResourceType', location: 'https://t.example/ResourceTypes/User' },
    });
    expect(resourceTypeResource({ ...groupType, extensions: [] }, 'x')).not.toHaveProperty('schemaExtensions');
  });

  it('come with what the server can do', () => {
    const options = { location: 'https://t.example/ServiceProviderConfig', maxResults: 200, changePassword: true, pagination: { defaultPageSize: 100, maxPageSize: 200, cursorTimeout: 3600 } };
    expect(serviceProviderConfig(options)).toMatchObject({
      patch: { supported: true },
      bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
      filter: { supported: true, maxResults: 200 },
      authenticationSchemes: [{ type: 'oauthbearertoken', primary: true }],
      pagination: { cursor: true, index: true, defaultPaginationMethod: 'index', maxPageSize: 200 },
    });
    expect(serviceProviderConfig({ ...options, bulk: { maxOperations: 100, maxPayloadSize: 1_000 } }).bulk).toEqual({ supported: true, maxOperations: 100, maxPayloadSize: 1_000 });
  });
});

describe("an admin's own schema (R71)", () => {
  const badge: JsonObject = { id: 'urn:example:oak:2.0:Badge', name: 'Badge', attributes: [{ name: 'colour', type: 'string', canonicalValues: ['red'] }, { name: 'doors', type: 'Complex', multiValued: true, subAttributes: [{ name: 'value' }, { name: 'floor', type: 'integer' }] }] };

  it('is read with the defaults of RFC 7643 §2.2, and shown again as it was read', () => {
    const schema = parseSchemaDefinition(badge);
    expect(schema.attributes[0]).toEqual({ name: 'colour', type: 'string', multiValued: false, description: '', required: false, caseExact: false, mutability: 'readWrite', returned: 'default', uniqueness: 'none', canonicalValues: ['red'] });
    expect(parseSchemaDefinition(schemaResource(schema, 'x'))).toEqual(schema);
    expect(parseSchemaDefinition(schemaResource(userSchema, 'x'))).toEqual(userSchema);
  });

  it('extends users, or makes a type, like the built-in ones', () => {
    const schema = parseSchemaDefinition(badge);
    const staffType = parseResourceTypeDefinition({ name: 'Staff', endpoint: '/Staff', schema: userSchema.id, schemaExtensions: [{ schema: schema.id, required: true }] }, [userSchema, schema]);
    expect(() => parseResource(staffType, { schemas: [userSchema.id], userName: 'a' }, profiles.generic)).toThrow(`"${schema.id}" is required.`);
    const body = { schemas: [userSchema.id, schema.id], userName: 'a', [schema.id]: { Colour: 'red', doors: [{ value: 'D1', floor: 2 }] } };
    expect(parseResource(staffType, body, profiles.strict).resource).toMatchObject({ [schema.id]: { colour: 'red', doors: [{ value: 'D1', floor: 2 }] } });
  });

  it.each<[string, JsonObject]>([
    ['no URI', { ...badge, id: 'badge' }],
    ['no attributes', { ...badge, attributes: [] }],
    ['an attribute without a name', { ...badge, attributes: [{ type: 'string' }] }],
    ['an odd name', { ...badge, attributes: [{ name: 'a b' }] }],
    ['a name that every object has', { ...badge, attributes: [{ name: 'toString' }] }],
    ['a hostile name', { ...badge, attributes: [{ name: '__proto__' }] }],
    ['an unknown type', { ...badge, attributes: [{ name: 'a', type: 'text' }] }],
    ['a name twice', { ...badge, attributes: [{ name: 'a' }, { name: 'A' }] }],
    ['complex without parts', { ...badge, attributes: [{ name: 'a', type: 'complex' }] }],
    ['parts without complex', { ...badge, attributes: [{ name: 'a', subAttributes: [{ name: 'b' }] }] }],
    ['complex in complex', { ...badge, attributes: [{ name: 'a', type: 'complex', subAttributes: [{ name: 'b', type: 'complex', subAttributes: [{ name: 'c' }] }] }] }],
    ['a flag that is none', { ...badge, attributes: [{ name: 'a', required: 'yes' }] }],
  ])('is refused with %s', (_, definition) => {
    expect(() => parseSchemaDefinition(definition)).toThrow(ScimProblem);
  });

  it.each<[string, JsonObject]>([
    ['an unknown schema', { name: 'A', endpoint: '/As', schema: 'urn:x' }],
    ['an endpoint of two segments', { name: 'A', endpoint: '/As/Bs', schema: userSchema.id }],
    ['no name', { endpoint: '/As', schema: userSchema.id }],
    ['a schema twice', { name: 'A', endpoint: '/As', schema: userSchema.id, schemaExtensions: [{ schema: userSchema.id }] }],
  ])('makes no type with %s', (_, definition) => {
    expect(() => parseResourceTypeDefinition(definition, [userSchema])).toThrow(ScimProblem);
  });
});
