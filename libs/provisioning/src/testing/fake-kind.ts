import type { ConnectorKind, ConnectorKinds, ConnectorTarget } from '../connector/index.ts';
import { readAttributePath } from '../mapping/index.ts';

/** Targets named like attributes of a SCIM User, for a fake app that keeps them as they are named. */
const readTarget = (name: string): ConnectorTarget | string => {
  const path = readAttributePath(name);
  if (typeof path === 'string') return path;
  if (!path.writable) return `${path.text} can't be set.`;
  const type = path.sub?.type ?? path.type;
  return {
    name: path.text,
    type: type === 'dateTime' ? 'instant' : type,
    multiValued: path.multiValued && !path.sub,
    mandatory: false,
    write: 'always',
    read: true,
    compare: path.text === 'externalId' ? 'exact' : 'ignoreCase',
    matchable: true,
    ...(/:manager(\.value)?$/.test(path.text) && { refersTo: 'account' as const }),
  };
};

export const fakeKind: ConnectorKind = {
  kind: 'scim',
  readTarget,
  connectionProblem: () => undefined,
  offered: () => ['userName', 'displayName', 'title'].map((name) => readTarget(name) as ConnectorTarget),
  entitlementTargets: { role: 'roles', licence: 'entitlements', department: 'department' },
};

export const fakeKinds: ConnectorKinds = { scim: fakeKind, ldap: { ...fakeKind, kind: 'ldap' } };

/** Apps that take no account without a value for these targets. */
export const fakeKindsRequiring = (...names: string[]): ConnectorKinds => {
  const requiring: ConnectorKind['readTarget'] = (name) => {
    const target = readTarget(name);
    return typeof target === 'string' ? target : { ...target, mandatory: names.includes(target.name) };
  };
  return { scim: { ...fakeKind, readTarget: requiring }, ldap: { ...fakeKind, kind: 'ldap', readTarget: requiring } };
};
