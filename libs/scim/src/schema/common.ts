import { attribute, complex, reference, text } from './attribute.ts';

/** RFC 7643 §3 and §3.1: what every resource has, in whichever schema. `/Schemas` doesn't list them. */
export const commonAttributes = [
  reference('schemas', 'The schemas whose attributes this resource has.', ['uri'], {
    multiValued: true,
    required: true,
    returned: 'always',
    caseExact: false,
  }),
  text('id', "The service provider's identifier.", {
    caseExact: true,
    mutability: 'readOnly',
    returned: 'always',
    uniqueness: 'server',
  }),
  text('externalId', "The provisioning client's identifier.", { caseExact: true }),
  complex(
    'meta',
    'What the service provider knows about the resource.',
    [
      text('resourceType', 'The name of the resource type.', { caseExact: true, mutability: 'readOnly' }),
      attribute('created', 'dateTime', 'When it was added.', { mutability: 'readOnly' }),
      attribute('lastModified', 'dateTime', 'When it last changed.', { mutability: 'readOnly' }),
      reference('location', 'Its URI.', ['uri'], { mutability: 'readOnly' }),
      text('version', 'Its version, also sent as ETag.', { caseExact: true, mutability: 'readOnly' }),
    ],
    { mutability: 'readOnly' },
  ),
];
