import { type Attribute, type Schema, attribute, complex, reference, text } from './attribute.ts';

/** Discovery is for reading: nobody writes it, and names in it are exact. */
const readOnly = { mutability: 'readOnly' } as const;
const exact = { mutability: 'readOnly', caseExact: true } as const;

const fact = (name: string, description: string, traits: Partial<Attribute> = {}) =>
  text(name, description, { ...exact, ...traits });
const flag = (name: string, description: string, required = true) =>
  attribute(name, 'boolean', description, { ...readOnly, required });
const amount = (name: string, description: string, required = true) =>
  attribute(name, 'integer', description, { ...readOnly, required });
const uri = (name: string, description: string, referenceTypes: string[], required = false) =>
  reference(name, description, referenceTypes, { ...readOnly, required });
const facts = (name: string, description: string, parts: Attribute[], traits: Partial<Attribute> = {}) =>
  complex(name, description, parts, { ...readOnly, ...traits });

const feature = (name: string, what: string, limits: Attribute[] = []) =>
  facts(name, `Whether and how there is ${what}.`, [flag('supported', `Whether there is ${what}.`), ...limits], {
    required: true,
  });

/** RFC 7643 §5 and §8.7.2, with RFC 9865 §3. */
export const serviceProviderConfigSchema: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig',
  name: 'ServiceProviderConfig',
  description: 'Service Provider Configuration',
  attributes: [
    uri('documentationUri', 'Where help for people is.', ['external']),
    feature('patch', 'PATCH'),
    feature('bulk', 'bulk', [
      amount('maxOperations', 'The most operations of a request.'),
      amount('maxPayloadSize', 'The largest request, in bytes.'),
    ]),
    feature('filter', 'filtering', [amount('maxResults', 'The most resources in an answer.')]),
    feature('changePassword', 'changing a password'),
    feature('sort', 'sorting'),
    feature('etag', 'an ETag'),
    facts(
      'authenticationSchemes',
      'How clients may authenticate.',
      [
        fact('type', 'The kind of scheme.', {
          required: true,
          canonicalValues: ['oauth', 'oauth2', 'oauthbearertoken', 'httpbasic', 'httpdigest'],
        }),
        fact('name', 'Its usual name.', { required: true }),
        fact('description', 'What it is.', { required: true }),
        uri('specUri', 'Where it is specified.', ['external']),
        uri('documentationUri', 'Where help for people is.', ['external']),
        flag('primary', 'Whether it is the preferred one.', false),
      ],
      { multiValued: true, required: true },
    ),
    facts('pagination', 'How lists come in pages.', [
      flag('cursor', 'Whether by cursor.'),
      flag('index', 'Whether by index.'),
      fact('defaultPaginationMethod', 'What is meant where a client says neither.', {
        canonicalValues: ['cursor', 'index'],
      }),
      amount('defaultPageSize', 'The size of a page unless a client says one.', false),
      amount('maxPageSize', 'The largest page.', false),
      amount('cursorTimeout', 'How long a cursor is good, in seconds.', false),
    ]),
  ],
};

/** RFC 7643 §6 and §8.7.2. */
export const resourceTypeSchema: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:ResourceType',
  name: 'ResourceType',
  description: 'Resource Type',
  attributes: [
    fact('id', 'The name again.'),
    fact('name', 'The name of the resource type.', { required: true }),
    fact('description', 'What it is.'),
    uri('endpoint', 'Where its resources are, below the base URL.', ['uri'], true),
    uri('schema', 'Its schema.', ['uri'], true),
    facts(
      'schemaExtensions',
      'The schemas that extend it.',
      [uri('schema', 'The schema.', ['uri'], true), flag('required', 'Whether each resource must have it.')],
      { multiValued: true },
    ),
  ],
};

/** What is said of an attribute, and of a part of one. */
const characteristics: Attribute[] = [
  fact('name', 'Its name.', { required: true }),
  fact('type', 'Its type.', {
    required: true,
    canonicalValues: ['string', 'complex', 'boolean', 'decimal', 'integer', 'dateTime', 'reference', 'binary'],
  }),
  flag('multiValued', 'Whether it may have several values.'),
  fact('description', 'What it is.'),
  flag('required', 'Whether it must be there.'),
  fact('canonicalValues', 'Values that are usual.', { multiValued: true }),
  flag('caseExact', 'Whether case matters.', false),
  fact('mutability', 'Whether and when it may be written.', {
    canonicalValues: ['readOnly', 'readWrite', 'immutable', 'writeOnly'],
  }),
  fact('returned', 'When it is returned.', { canonicalValues: ['always', 'never', 'default', 'request'] }),
  fact('uniqueness', 'Where its value is unique.', { canonicalValues: ['none', 'server', 'global'] }),
  fact('referenceTypes', 'What it may refer to.', { multiValued: true }),
];

/** RFC 7643 §7 and §8.7.2. */
export const schemaSchema: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:Schema',
  name: 'Schema',
  description: 'Schema',
  attributes: [
    fact('id', 'The URI of the schema.', { required: true }),
    fact('name', 'Its name.'),
    fact('description', 'What it is.'),
    facts(
      'attributes',
      'Its attributes.',
      [
        ...characteristics,
        facts('subAttributes', 'The parts of a complex attribute.', characteristics, { multiValued: true }),
      ],
      { multiValued: true, required: true },
    ),
  ],
};

/** RFC 7644 §4 has all supported schemas in `/Schemas`: those of discovery itself too. */
export const discoverySchemas: readonly Schema[] = [serviceProviderConfigSchema, resourceTypeSchema, schemaSchema];
