import { type Json, type JsonObject, matches } from '@tenure/scim';
import type { Value } from '../expression/index.ts';
import { type AttributePath, readAttributePath } from './attribute-path.ts';
import { isObject } from './json.ts';

/** What is known about someone who may get an account. */
export type Person = {
  id: string;
  /** A SCIM User with its extensions. */
  resource: JsonObject;
  /** The values of the roles that his assignments to the app carry, the decisive one first. */
  appRoles: readonly string[];
};

const elementsOf = (person: Person, attribute: string): JsonObject[] => {
  const value = person.resource[attribute];
  return Array.isArray(value) ? value.filter(isObject) : [];
};

const ofType = (elements: JsonObject[], wanted: string): JsonObject | undefined =>
  elements.find(({ type }) => typeof type === 'string' && type.toLowerCase() === wanted);

const ofAddress =
  (name: string) =>
  (person: Person): Value => {
    const addresses = elementsOf(person, 'addresses');
    return toValue((ofType(addresses, 'work') ?? addresses[0])?.[name]);
  };

const mailOf = (person: Person): Value => {
  const emails = elementsOf(person, 'emails');
  return toValue((emails.find(({ primary }) => primary === true) ?? ofType(emails, 'work') ?? emails[0])?.['value']);
};

const phoneOf = (person: Person): Value => {
  const phones = elementsOf(person, 'phoneNumbers');
  return toValue((ofType(phones, 'work') ?? phones.find(({ type }) => type === undefined))?.['value']);
};

const at =
  (path: string) =>
  (person: Person): Value =>
    pathValue(person, path);

/** Entra's names of attributes; those that SCIM has too, such as `displayName`, need no entry. */
const entraSources: Record<string, (person: Person) => Value> = {
  userPrincipalName: at('userName'),
  mail: mailOf,
  mailNickname: ({ resource }) =>
    typeof resource['userName'] === 'string' ? resource['userName'].split('@')[0]! : null,
  jobTitle: at('title'),
  surname: at('name.familyName'),
  givenName: at('name.givenName'),
  country: ofAddress('country'),
  city: ofAddress('locality'),
  state: ofAddress('region'),
  postalCode: ofAddress('postalCode'),
  streetAddress: ofAddress('streetAddress'),
  mobile: (person) => toValue(ofType(elementsOf(person, 'phoneNumbers'), 'mobile')?.['value']),
  telephoneNumber: phoneOf,
  department: at('department'),
  employeeId: at('employeeNumber'),
  companyName: at('organization'),
  manager: at('manager'),
  objectId: ({ id }) => id,
  id: ({ id }) => id,
  // Who is not said to be inactive is active.
  accountEnabled: ({ resource }) => resource['active'] !== false,
  isSoftDeleted: ({ resource }) => resource['active'] === false,
  appRoleAssignments: ({ appRoles }) => [...appRoles],
};

const byName = new Map(Object.entries(entraSources).map(([name, read]) => [name.toLowerCase(), read]));

export const entraSourceNames: readonly string[] = Object.keys(entraSources);

/** A source of mappings, rules and expressions; what is not there, or not known, has no value. */
export const sourceValue = (person: Person, source: string): Value =>
  (byName.get(source.toLowerCase()) ?? at(source))(person);

export const isKnownSource = (source: string): boolean =>
  byName.has(source.toLowerCase()) || typeof readAttributePath(source) !== 'string';

const pathValue = ({ resource }: Person, source: string): Value => {
  const path = readAttributePath(source);
  return typeof path === 'string' ? null : valueOf(resource, path);
};

const memberOf = (value: Json | undefined, name: string): Json | undefined =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

const valueOf = (resource: JsonObject, { members, where, sub }: AttributePath): Value => {
  const value = members.reduce<Json | undefined>(memberOf, resource);
  if (!Array.isArray(value)) return toValue(sub ? memberOf(value, sub.name) : value);
  const elements = where ? value.filter((element) => isObject(element) && matches(where, element)) : value;
  if (!sub) return toValue(elements);
  const values = elements.flatMap((element) => memberOf(element, sub.name) ?? []);
  // A filter is meant to single one out.
  return toValue(where && values.length <= 1 ? values[0] : values);
};

const toValue = (json: Json | undefined): Value => {
  if (json === undefined || json === null) return null;
  if (!Array.isArray(json)) return isObject(json) ? toValue(json['value']) : json;
  const objects = json.filter(isObject);
  return objects.length === json.length && json.length > 0
    ? objects
    : json.filter((element) => typeof element === 'string');
};
