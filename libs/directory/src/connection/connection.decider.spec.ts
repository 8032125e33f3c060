import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  ConnectionCreated,
  ConnectionDisabled,
  ConnectionEnabled,
  ConnectionSettingsReplaced,
  connectionSettings,
  profileName,
  settingsBody,
  TokenDeleted,
  TokenIssued,
  type Settings,
} from '@tenure/contracts';
import { given } from '@tenure/eventing/testing';
import { profileNames, profiles, type ConnectionSettings } from '@tenure/scim';
import { connectionDecider, settingsOf } from './connection.decider.ts';

const connection = given(connectionDecider);
const sso = { configured: true, providers: [{ id: 'idp-1', name: 'Entra' }] };
const noSso = { ...sso, configured: false };
const create = {
  type: 'Create',
  name: 'Entra',
  identityProviderId: 'idp-1',
  profile: 'entra',
  settings: {},
  sso,
} as const;
const monday = '2026-01-05T09:00:00.000Z';
const tuesday = '2026-01-06T09:00:00.000Z';

const created = ConnectionCreated({
  name: 'Entra',
  identityProviderId: 'idp-1',
  profile: 'entra',
  settings: profiles.entra,
});
const enabled = ConnectionEnabled({});
const ada = { id: 'a-ada', userId: 'u-ada' };
const bob = { id: 'a-bob', userId: 'u-bob' };
const issued = TokenIssued({
  tokenId: 't-1',
  hint: '…4f2a',
  issuerId: 'a-ada',
  issuerUserId: 'u-ada',
  issuedAt: monday,
  chosen: false,
  replacedTokenId: null,
});
const issue = { type: 'IssueToken', tokenId: 't-2', hint: '…9c1d', chosen: true, issuedAt: tuesday, sso } as const;

describe('a connection', () => {
  it("is created disabled, with its profile's settings (R1, R20)", () => {
    connection().when(create).then(created);
    connection(created).when({ type: 'Disable' }).thenNothing();
  });

  it('has any switch set on its own (R20)', () => {
    const changed = {
      ...profiles.google,
      groups: true,
      eligibility: { managedOnly: true, changedAfter: '2023-01-16T00:00:00.000Z' },
    };
    connection()
      .when({
        ...create,
        profile: 'google',
        settings: { groups: true, eligibility: { changedAfter: '2023-01-16T00:00:00.000Z' } },
      })
      .then(ConnectionCreated({ ...created.data, profile: 'google', settings: changed }));
  });

  it('has the defaults of its profile again for what a replacement leaves out', () => {
    const deactivating = ConnectionSettingsReplaced({ settings: { ...profiles.entra, unassign: 'deactivate' } });
    connection(created)
      .when({ type: 'ReplaceSettings', settings: { unassign: 'deactivate' } })
      .then(deactivating);
    connection(created, deactivating)
      .when({ type: 'ReplaceSettings', settings: { groups: false } })
      .then(ConnectionSettingsReplaced({ settings: { ...profiles.entra, groups: false } }));
    connection(created).when({ type: 'ReplaceSettings', settings: {} }).thenNothing();
  });

  it("belongs to one of the tenant's identity providers, where it names any (R1)", () => {
    connection()
      .when({ ...create, identityProviderId: 'idp-9' })
      .thenRejected('connection/identity-provider');
    connection()
      .when({ ...create, sso: { configured: false, providers: [] } })
      .then(created);
  });

  it('is enabled only with SSO, and is enabled and disabled as often as one likes (R5, R9)', () => {
    connection(created).when({ type: 'Enable', sso: noSso }).thenRejected('connection/sso-missing');
    connection(created).when({ type: 'Enable', sso }).then(enabled);
    connection(created, enabled).when({ type: 'Enable', sso }).thenNothing();
    connection(created, enabled).when({ type: 'Disable' }).then(ConnectionDisabled({}));
  });

  it('that is not there is 404', () => {
    connection().when({ type: 'Disable' }).thenRejected('connection/unknown');
  });
});

describe('the token of a connection', () => {
  it('is issued by an admin, with SSO (R3, R5, R6)', () => {
    connection(created)
      .when({ ...issue, issuer: ada })
      .then(
        TokenIssued({
          tokenId: 't-2',
          hint: '…9c1d',
          issuerId: 'a-ada',
          issuerUserId: 'u-ada',
          issuedAt: tuesday,
          chosen: true,
          replacedTokenId: null,
        }),
      );
    connection(created).when(issue).thenRejected('token/issuer');
    connection(created)
      .when({ ...issue, issuer: ada, sso: noSso })
      .thenRejected('connection/sso-missing');
  });

  it('is replaced by the next, whose issuer holds the lock from then on (R8)', () => {
    connection(created, issued)
      .when({ ...issue, issuer: bob })
      .then(
        TokenIssued({
          tokenId: 't-2',
          hint: '…9c1d',
          issuerId: 'a-bob',
          issuerUserId: 'u-bob',
          issuedAt: tuesday,
          chosen: true,
          replacedTokenId: 't-1',
        }),
      );
  });

  it('is deleted once, and confirmed (R4)', () => {
    connection(created, issued).when({ type: 'DeleteToken', confirm: false }).thenRejected('confirm/required');
    connection(created, issued)
      .when({ type: 'DeleteToken', confirm: true })
      .then(TokenDeleted({ tokenId: 't-1' }));
    connection(created, issued, TokenDeleted({ tokenId: 't-1' }))
      .when({ type: 'DeleteToken', confirm: true })
      .thenRejected('token/unknown');
  });

  it('stays when the connection is disabled (R9)', () => {
    connection(created, enabled, issued, ConnectionDisabled({}))
      .when({ type: 'DeleteToken', confirm: true })
      .then(TokenDeleted({ tokenId: 't-1' }));
  });
});

describe('the settings of a connection', () => {
  it('are the same in messages as in the protocol, for every profile (R20)', () => {
    const same: (settings: Settings) => ConnectionSettings = (settings) => settings;
    expect(profileName.options).toEqual([...profileNames]);
    for (const name of profileNames) expect(same(connectionSettings.parse(profiles[name]))).toEqual(profiles[name]);
    for (const name of profileNames)
      expect(Object.keys(connectionSettings.shape)).toEqual(expect.arrayContaining(Object.keys(profiles[name])));
  });

  it.each([
    ['an unknown switch', { colour: 'plum' }],
    ['an unknown switch within', { eligibility: { managedOnly: true, colour: 'plum' } }],
    ['a word that is none of its words', { unassign: 'suspend' }],
    ['a status that SCIM does not have for it', { userPatchStatus: 201 }],
    ['a path that is none', { required: ['display name'] }],
    ['a cut-off that is no instant', { eligibility: { changedAfter: '2023-01-16' } }],
    ['a rate of nothing', { rateLimit: { perSecond: 0, burst: 1 } }],
  ])('are refused with %s', (_, wrong) => {
    expect(settingsBody.safeParse(wrong).success).toBe(false);
  });

  it('that were read back and sent again change nothing, whatever they are (R20)', () => {
    const word = fc.constantFrom(
      'displayName',
      'name.givenName',
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department',
    );
    const given = fc.record(
      {
        groups: fc.boolean(),
        unassign: fc.constantFrom('delete' as const, 'deactivate' as const),
        eligibility: fc.record(
          { managedOnly: fc.boolean(), changedAfter: fc.constant('2023-01-16T00:00:00Z') },
          { requiredKeys: [] },
        ),
        required: fc.uniqueArray(word),
        authority: fc.dictionary(word, fc.constantFrom('idp' as const, 'create' as const, 'user' as const)),
        rateLimit: fc.record({ perSecond: fc.integer({ min: 1, max: 100 }), burst: fc.integer({ min: 1, max: 100 }) }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.constantFrom(...profileNames), given, (profile, body) => {
        const settings = settingsOf(profile, settingsBody.parse(body));
        const known = ConnectionCreated({ ...created.data, profile, settings: connectionSettings.parse(settings) });
        connection(known)
          .when({ type: 'ReplaceSettings', settings: settingsBody.parse(JSON.parse(JSON.stringify(settings))) })
          .thenNothing();
      }),
    );
  });

  it('take an instant of any offset (R10)', () => {
    expect(settingsBody.parse({ eligibility: { changedAfter: '2023-01-16T02:00:00+02:00' } })).toEqual({
      eligibility: { changedAfter: '2023-01-16T00:00:00.000Z' },
    });
  });
});
