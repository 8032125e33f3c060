import { fakeApp } from '@tenure/provisioning/testing';
import { connectorContract, type Contracted } from './connector.contract.ts';

/** The app in memory that provisioning's tests deliver to is as good as a real one. */
const open = async (): Promise<Contracted> => {
  const app = fakeApp();
  const matchable: Contracted['matchable'] = {
    userName: (name) => `${name}@plum.example`,
    displayName: (name) => name,
  };
  return {
    connector: app.connector,
    matchable,
    valuesOf: (name) => Object.fromEntries(Object.entries(matchable).map(([target, of]) => [target, of(name)])),
    unique: 'userName',
    optional: 'title',
    several: { target: 'roles', element: (value) => ({ value }) },
    shown: (text) => text,
    addAccounts: async (names) => names.forEach((name) => app.addAccount({ userName: matchable['userName']!(name) })),
    addGroup: async (displayName) => app.addGroup(displayName),
    many: 60,
    unknownId: '00000000-0000-4000-8000-000000000000',
    close: async () => undefined,
  };
};

connectorContract('The app in memory', open);
