import { isStorable, storableText } from '@tenure/eventing';
import { type Json, type JsonObject, entraUserSchema, matches } from '@tenure/scim';
import { type Budget, type Value, newBudget, sizeOf } from '../expression/index.ts';
import { type AttributePath, readAttributePath } from './attribute-path.ts';
import { isObject } from './json.ts';

/** What is known about someone who may get an account. */
export type Person = {
  id: string;
  /** A SCIM User with its extensions. */
  resource: JsonObject;
  /** The values of the roles that his assignments to the app carry, the decisive one first. */
  appRoles: readonly string[];
  /** The organisation's domain in the app (R58). */
  organizationDomain?: string | null;
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

const phoneOfType =
  (wanted: string) =>
  (person: Person): Value =>
    toValue(ofType(elementsOf(person, 'phoneNumbers'), wanted)?.['value']);

const phoneOf = (person: Person): Value => {
  const phones = elementsOf(person, 'phoneNumbers');
  return toValue((ofType(phones, 'work') ?? phones.find(({ type }) => type === undefined))?.['value']);
};

const at =
  (path: string) =>
  (person: Person, budget: Budget): Value =>
    pathValue(person, path, budget);

/** What the extension `EntraUser` holds, or the first of other attributes that stand for it. */
const inEntraUser =
  (name: string, ...others: string[]) =>
  (person: Person, budget: Budget): Value =>
    [`${entraUserSchema.id}:${name}`, ...others]
      .map((path) => pathValue(person, path, budget))
      .find((value) => value !== null) ?? null;

/** As a whole it is for targets with parts; `employeeOrgData.division` is what people map. */
const orgData = (person: Person): Value => {
  const data = memberOf(memberOf(person.resource, entraUserSchema.id), 'employeeOrgData');
  return isObject(data) ? [data] : null;
};

/** Entra's names of attributes; those that SCIM has too, such as `displayName`, need no entry. */
const entraSources: Record<string, (person: Person, budget: Budget) => Value> = {
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
  mobile: phoneOfType('mobile'),
  telephoneNumber: phoneOf,
  facsimileTelephoneNumber: phoneOfType('fax'),
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
  ...Object.fromEntries(
    Array.from({ length: 15 }, (_, index) => `extensionAttribute${index + 1}`).map((name) => [name, inEntraUser(name)]),
  ),
  proxyAddresses: inEntraUser('proxyAddresses'),
  physicalDeliveryOfficeName: inEntraUser('physicalDeliveryOfficeName'),
  usageLocation: inEntraUser('usageLocation'),
  employeeHireDate: inEntraUser('employeeHireDate'),
  onPremisesSamAccountName: inEntraUser('onPremisesSamAccountName'),
  // Only a guest has another one at home.
  originalUserPrincipalName: inEntraUser('originalUserPrincipalName', 'userName'),
  employeeOrgData: orgData,
  'employeeOrgData.division': inEntraUser('employeeOrgData.division', 'division'),
  'employeeOrgData.costCenter': inEntraUser('employeeOrgData.costCenter', 'costCenter'),
};

/** As it was set for the app, else the tenant's primary domain. */
const ownSources: typeof entraSources = { organizationDomain: ({ organizationDomain }) => organizationDomain ?? null };

const byName = new Map(
  Object.entries({ ...entraSources, ...ownSources }).map(([name, read]) => [name.toLowerCase(), read]),
);

export const entraSourceNames: readonly string[] = Object.keys(entraSources);

/**
 * A source of mappings, rules and expressions; what is not there, or not known, has no value. Its texts are storable: whatever is made of
 * them by whole code points is so as well (R96).
 */
export const sourceValue = (person: Person, source: string, budget: Budget = newBudget()): Value => {
  budget.spend(1);
  const value = (byName.get(source.toLowerCase()) ?? at(source))(person, budget);
  if (value !== null && typeof value === 'object') {
    budget.spend(value.length);
    budget.spendOn(sizeOf(value));
  } else if (typeof value === 'string') budget.spendOn(value.length);
  return storable(value) as Value;
};

/** The same value with storable texts, also inside of it. */
export const storable = (value: Json): Json => {
  if (typeof value === 'string') return isStorable(value) ? value : storableText(value);
  if (Array.isArray(value)) return value.map(storable);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [storableText(name), storable(member)]));
};

export const isKnownSource = (source: string): boolean =>
  byName.has(source.toLowerCase()) || typeof readAttributePath(source) !== 'string';

const pathValue = ({ resource }: Person, source: string, budget: Budget): Value => {
  const path = readAttributePath(source);
  return typeof path === 'string' ? null : valueOf(resource, path, budget);
};

const memberOf = (value: Json | undefined, name: string): Json | undefined =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

const valueOf = (resource: JsonObject, { text, members, where, sub }: AttributePath, budget: Budget): Value => {
  const value = members.reduce<Json | undefined>(memberOf, resource);
  if (!Array.isArray(value)) return toValue(sub ? memberOf(value, sub.name) : value);
  budget.spend(value.length);
  // A filter may compare each of many values several times.
  if (where) budget.spend(value.length * 60 + Math.ceil((sizeOf(value) * text.length) / 128));
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
