import { describe, it } from '@jest/globals';
import { UserChanged, UserCreated, type UserStanding } from '@tenure/contracts';
import { given } from '@tenure/eventing/testing';
import { profiles, type Json, type ConnectionSettings, type JsonObject, type PatchOperation } from '@tenure/scim';
import { userDecider } from './user.decider.ts';

const user = given(userDecider);
const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
const ada: JsonObject = {
  schemas,
  externalId: 'ada-1',
  userName: 'ada@plum.example',
  displayName: 'Ada Holt',
  active: true,
};
const all = ['externalId', 'userName', 'displayName', 'active'];
const linked: UserStanding = {
  changed: [],
  writer: 'connection',
  accountType: 'provisionedManaged',
  connectionId: 'entra',
  unassignedFrom: null,
  passwordId: null,
};
const created = UserCreated({ ...linked, changed: all }, { resource: ada });

const entra = (settings: Partial<ConnectionSettings>) =>
  ({
    kind: 'connection',
    policy: {
      connectionId: 'entra',
      enabled: true,
      settings: { ...profiles.entra, ...settings },
      defaults: {},
      schemasVersion: 0,
    },
  }) as const;
const replace = (path: string, value: Json): PatchOperation => ({ op: 'replace', path, value });
const patch = (operations: PatchOperation[], writer: ReturnType<typeof entra>) =>
  ({ type: 'Patch', operations, writer }) as const;

describe('authority over attributes (R12, R68)', () => {
  const withLanguage = { ...ada, preferredLanguage: 'en' };
  const wanted = patch([replace('preferredLanguage', 'ja')], entra({ authority: { preferredLanguage: 'create' } }));
  const userWins = patch([replace('preferredLanguage', 'ja')], entra({ authority: { preferredLanguage: 'user' } }));
  const fromConnection = UserCreated({ ...linked, changed: [...all, 'preferredLanguage'] }, { resource: withLanguage });

  it('lets a create-only attribute be set once', () => {
    user(fromConnection).when(wanted).thenNothing();
  });

  it('lets the connection change what the user never set', () => {
    user(fromConnection)
      .when(userWins)
      .then(
        UserChanged({ ...linked, changed: ['preferredLanguage'] }, { resource: { ...ada, preferredLanguage: 'ja' } }),
      );
  });

  it('lets a language win that the user set', () => {
    const chosen = UserChanged(
      { ...linked, writer: 'local', changed: ['preferredLanguage'] },
      { resource: { ...ada, preferredLanguage: 'fr' } },
    );
    user(fromConnection, chosen).when(userWins).thenNothing();
  });

  describe('of a part of an attribute', () => {
    const named = (givenName: string, familyName: string): JsonObject => ({ ...ada, name: { givenName, familyName } });
    const fromEntra = UserCreated({ ...linked, changed: [...all, 'name'] }, { resource: named('Ada', 'Holt') });
    const chosen = UserChanged({ ...linked, writer: 'local', changed: ['name'] }, { resource: named('Addie', 'Holt') });
    const renamed = (authority: ConnectionSettings['authority']) =>
      patch([replace('name', { givenName: 'Adelaide', familyName: 'Hart' })], entra({ authority }));
    const became = (givenName: string, familyName: string) =>
      UserChanged({ ...linked, changed: ['name'] }, { resource: named(givenName, familyName) });

    it('lets the given name win that the user set, and the family name come from the connection', () => {
      user(fromEntra, chosen)
        .when(renamed({ 'name.givenName': 'user' }))
        .then(became('Addie', 'Hart'));
    });

    it('lets the connection change the part that the user never set', () => {
      user(fromEntra, chosen)
        .when(renamed({ 'name.familyName': 'user' }))
        .then(became('Adelaide', 'Hart'));
    });

    it('covers all parts where the settings name the whole', () => {
      user(fromEntra, chosen)
        .when(renamed({ name: 'user' }))
        .thenNothing();
    });

    it('is of an extension too', () => {
      const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
      const managed = (value: string): JsonObject => ({
        ...ada,
        schemas: [...schemas, enterprise],
        [enterprise]: { manager: { value } },
      });
      const assigned = UserChanged(
        { ...linked, writer: 'local', changed: [`${enterprise}:manager`] },
        { resource: managed('bea') },
      );
      const moved = patch(
        [replace(`${enterprise}:manager`, { value: 'cy' })],
        entra({ authority: { [`${enterprise}:manager.value`]: 'user' } }),
      );
      user(created, assigned).when(moved).thenNothing();
      user(created)
        .when(moved)
        .then(UserChanged({ ...linked, changed: [`${enterprise}:manager`] }, { resource: managed('cy') }));
    });
  });
});
