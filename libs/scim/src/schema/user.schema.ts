import { type Attribute, type Schema, attribute, complex, reference, text } from './attribute.ts';

const primary = attribute('primary', 'boolean', 'Whether this is the preferred value; true at most once.');
const display = text('display', 'The value in a form to show.');
const kind = (...canonicalValues: string[]) =>
  text('type', 'What the value is for.', canonicalValues.length ? { canonicalValues } : {});

/** The usual shape of a multi-valued attribute, RFC 7643 §2.4. */
const plural = (name: string, description: string, value: Attribute, type: Attribute): Attribute =>
  complex(name, description, [value, display, type, primary], { multiValued: true });

/** RFC 7643 §4.1 and §8.7.1. */
export const userSchema: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:User',
  name: 'User',
  description: 'User Account',
  attributes: [
    text('userName', 'The name the user signs in with.', { required: true, uniqueness: 'server' }),
    complex('name', "The parts of the user's name.", [
      text('formatted', 'The full name, formatted for display.'),
      text('familyName', 'The family name.'),
      text('givenName', 'The given name.'),
      text('middleName', 'The middle names.'),
      text('honorificPrefix', 'The title before the name.'),
      text('honorificSuffix', 'The suffix after the name.'),
    ]),
    text('displayName', 'The name to show.'),
    text('nickName', 'The casual way to address the user.'),
    reference('profileUrl', "The user's online profile.", ['external']),
    text('title', 'The job title.'),
    text('userType', 'The relationship between organisation and user.'),
    text('preferredLanguage', 'The preferred languages, as in Accept-Language.'),
    text('locale', 'The locale for localising currency, date and numbers.'),
    text('timezone', 'The time zone, in IANA form.'),
    attribute('active', 'boolean', 'Whether the user may use the account.'),
    text('password', 'The password in the clear; write only.', {
      mutability: 'writeOnly',
      returned: 'never',
      caseExact: true,
    }),
    plural('emails', 'E-mail addresses.', text('value', 'The address.'), kind('work', 'home', 'other')),
    plural(
      'phoneNumbers',
      'Phone numbers.',
      text('value', 'The number.'),
      kind('work', 'home', 'mobile', 'fax', 'pager', 'other'),
    ),
    plural(
      'ims',
      'Instant messaging addresses.',
      text('value', 'The address.'),
      kind('aim', 'gtalk', 'icq', 'xmpp', 'msn', 'skype', 'qq', 'yahoo'),
    ),
    plural('photos', 'URLs of photos.', reference('value', 'The URL.', ['external']), kind('photo', 'thumbnail')),
    complex(
      'addresses',
      'Postal addresses.',
      [
        text('formatted', 'The full address, formatted for display.'),
        text('streetAddress', 'The street, with number and the like.'),
        text('locality', 'The city.'),
        text('region', 'The state or region.'),
        text('postalCode', 'The postal code.'),
        text('country', 'The country, ISO 3166-1 alpha-2.'),
        kind('work', 'home', 'other'),
        primary,
      ],
      { multiValued: true },
    ),
    complex(
      'groups',
      'The groups the user belongs to; changed through the groups.',
      [
        text('value', 'The id of the group.', { mutability: 'readOnly', caseExact: true }),
        reference('$ref', 'The URI of the group.', ['User', 'Group'], { mutability: 'readOnly' }),
        text('display', 'The name of the group.', { mutability: 'readOnly' }),
        text('type', 'Whether directly or through another group.', {
          mutability: 'readOnly',
          canonicalValues: ['direct', 'indirect'],
        }),
      ],
      { multiValued: true, mutability: 'readOnly' },
    ),
    plural('entitlements', 'Things the user is entitled to.', text('value', 'The entitlement.'), kind()),
    plural('roles', 'The roles of the user.', text('value', 'The role.'), kind()),
    plural(
      'x509Certificates',
      'Certificates, DER in base64.',
      attribute('value', 'binary', 'The certificate.', { caseExact: true }),
      kind(),
    ),
  ],
};

/** RFC 7643 §4.3. */
export const enterpriseUserSchema: Schema = {
  id: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  name: 'EnterpriseUser',
  description: 'Enterprise User',
  attributes: [
    text('employeeNumber', 'The number of the employee in the organisation.'),
    text('costCenter', 'The cost center.'),
    text('organization', 'The organisation.'),
    text('division', 'The division.'),
    text('department', 'The department.'),
    complex('manager', "The user's manager.", [
      text('value', 'The id of the manager.', { caseExact: true }),
      reference('$ref', 'The URI of the manager.', ['User']),
      text('displayName', "The manager's name.", { mutability: 'readOnly' }),
    ]),
  ],
};

/**
 * What Tenure itself knows of a person: unit and archived flag (R41, R43), rights in teams (R14), and the type of account (R15), which is not
 * shown unasked: an extension that comes back with more than was sent irritates clients. Design decision 14.
 */
export const tenureUserSchema: Schema = {
  id: 'urn:ietf:params:scim:schemas:extension:tenure:2.0:User',
  name: 'TenureUser',
  description: 'Tenure User',
  attributes: [
    text('orgUnitPath', 'The organisational unit, e.g. /Sales/North.'),
    attribute('archived', 'boolean', 'Whether the user is archived, hence outside provisioning.'),
    attribute('teamAdmin', 'boolean', 'Whether the user administers the teams that they are in; a guest never does.'),
    text('accountType', 'How the account is managed.', {
      mutability: 'readOnly',
      returned: 'request',
      canonicalValues: ['managed', 'provisionedManaged', 'unmanaged'],
    }),
  ],
};

/**
 * What Entra ID knows of a user and SCIM has no attribute for, under Entra's own names, so that an identity provider can send it and
 * mappings can use it (R36). A connection writes it as any other data of a person.
 */
export const entraUserSchema: Schema = {
  id: 'urn:ietf:params:scim:schemas:extension:tenure:2.0:EntraUser',
  name: 'EntraUser',
  description: 'Entra User',
  attributes: [
    ...Array.from({ length: 15 }, (_, index) =>
      text(`extensionAttribute${index + 1}`, `Extension attribute ${index + 1} of the directory.`),
    ),
    text('proxyAddresses', 'Every address of the mailbox, such as SMTP:ada@plum.example.', { multiValued: true }),
    text('physicalDeliveryOfficeName', 'The office.'),
    text('usageLocation', 'The country in which licences are used, ISO 3166-1 alpha-2.'),
    attribute('employeeHireDate', 'dateTime', 'When the employment begins.'),
    text('onPremisesSamAccountName', 'The account name in the Active Directory on premises.'),
    text('originalUserPrincipalName', 'Of a guest, the sign-in name at home.'),
    complex('employeeOrgData', 'The place in the organisation.', [
      text('division', 'The division.'),
      text('costCenter', 'The cost center.'),
    ]),
  ],
};

/** RFC 7643 §4.2 and §8.7.1; `display` as the RFC's examples have it. */
export const groupSchema: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  name: 'Group',
  description: 'Group',
  attributes: [
    text('displayName', 'The name of the group.', { required: true, uniqueness: 'server' }),
    complex(
      'members',
      'The members of the group.',
      [
        text('value', 'The id of the member.', { mutability: 'immutable', caseExact: true, required: true }),
        reference('$ref', 'The URI of the member.', ['User', 'Group'], { mutability: 'immutable' }),
        text('type', 'What the member is.', { mutability: 'immutable', canonicalValues: ['User', 'Group'] }),
        text('display', "The member's name.", { mutability: 'readOnly' }),
      ],
      { multiValued: true },
    ),
  ],
};

/** What Tenure itself knows of a group, which is a team of Nulab's (R14). */
export const tenureGroupSchema: Schema = {
  id: 'urn:ietf:params:scim:schemas:extension:tenure:2.0:Group',
  name: 'TenureGroup',
  description: 'Tenure Group',
  attributes: [attribute('closedToGuests', 'boolean', 'Whether guests can be no members.')],
};

/** Whether a schema is Tenure's own, which a connection may be kept from writing (`tenureExtension`). */
export const isTenures = ({ id }: Pick<Schema, 'id'>): boolean =>
  id === tenureUserSchema.id || id === tenureGroupSchema.id;
