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
