import { readAttributePath, remembered, type AttributePath } from '@tenure/provisioning';
import type { ConnectorKind, ConnectorTarget, ReadTarget } from '@tenure/provisioning/connector';
import { attributesOf, enterpriseUserSchema, userType, type Filter, type JsonObject } from '@tenure/scim';

/** Reads the target of a mapping as a SCIM path; a text tells why it can't be one. */
export const readScimTarget = (text: string): AttributePath | string => {
  const path = readAttributePath(text);
  if (typeof path === 'string') return path;
  if (!path.writable) return `${path.text} can't be set.`;
  if (path.where && !path.sub) return `${text} needs a part, such as ${text}.value.`;
  if (path.where && !elementOf(path.where))
    return `${text} must say with eq, and nothing else, which element is meant.`;
  if (path.multiValued && path.sub && !path.where) {
    return `${text} must say which element is meant, such as ${path.members.join(':')}[type eq "work"].${path.sub.name}.`;
  }
  if (path.type === 'complex' && !path.multiValued && !path.sub && !path.hasValue)
    return `${text} needs a part, such as ${text}.givenName.`;
  return path;
};

/** The element that a filter of equalities describes: `{type: 'work'}`. */
export const elementOf = (where: Filter): JsonObject | undefined => {
  if (where.op === 'eq') return { [where.attribute.path]: where.value };
  if (where.op !== 'and') return undefined;
  const parts = where.filters.map(elementOf);
  return parts.every((part) => part !== undefined) ? Object.assign({}, ...parts) : undefined;
};

/** RFC 7643 §4.1, §3.1: compared without regard to case, unless the attribute says otherwise. */
const EXACT = new Set(['externalid', 'id']);
const MANAGER = `${enterpriseUserSchema.id}:manager`.toLowerCase();

const isManager = (name: string) => [MANAGER, `${MANAGER}.value`].includes(name.toLowerCase());

const asTarget = (path: AttributePath): ConnectorTarget => {
  const type = path.sub?.type ?? path.type;
  const name = path.text;
  return {
    name,
    type: type === 'dateTime' ? 'instant' : type,
    multiValued: path.multiValued && !path.sub,
    mandatory: name === 'userName',
    write: 'always',
    read: true,
    compare: EXACT.has(name.toLowerCase()) || isManager(name) ? 'exact' : 'ignoreCase',
    matchable: type !== 'complex',
    ...(isManager(name) && { refersTo: 'account' as const }),
  };
};

/** Remembered: the same targets are read for everybody of an app. */
const readTarget: ReadTarget = remembered(4000, (name) => {
  const path = readScimTarget(name);
  return typeof path === 'string' ? path : asTarget(path);
});

/** What an admin can choose from: all that a SCIM User has, its several values by their usual types. */
const offered = (): ConnectorTarget[] =>
  attributesOf(userType)
    .filter(({ schema }) => !schema.id.includes(':tenure:'))
    .flatMap(({ path, attribute: { multiValued, subAttributes } }) => {
      if (!subAttributes) return [path];
      const subs = subAttributes.map(({ name }) => name);
      if (!multiValued) return subs.includes('value') ? [path] : subs.map((sub) => `${path}.${sub}`);
      const types = subAttributes.find(({ name }) => name === 'type')?.canonicalValues ?? [];
      const filters = types.length > 0 ? types.map((type) => `type eq "${type}"`) : ['primary eq "True"'];
      // What the filter says of an element is no target of its own.
      const parts = subs.filter((sub) => sub !== 'primary' && (sub !== 'type' || types.length === 0));
      return [path, ...filters.flatMap((filter) => parts.map((part) => `${path}[${filter}].${part}`))];
    })
    .flatMap((path) => {
      const target = readTarget(path);
      return typeof target === 'string' ? [] : [{ ...target, name: path }];
    });

/** SCIM as a kind of app. */
export const scimKind: ConnectorKind = {
  kind: 'scim',
  readTarget,
  connectionProblem: () => undefined,
  offered,
  entitlementTargets: { role: 'roles', licence: 'entitlements', department: `${enterpriseUserSchema.id}:department` },
};
