import { describe, expect, it } from '@jest/globals';
import { fakeKind } from '../testing/fake-kind.ts';
import {
  AppAssigned,
  AppAttributesSet,
  AppScopeSet,
  AppConfigurationDeleted,
  AppConnectionSet,
  AppCreated,
  AppCredentialsSet,
  AppDeprovisioningSet,
  AppEndpointSet,
  AppReauthorizationNeeded,
  AppQuarantined,
  AppReauthorized,
  AppResumed,
  AppRulesReapplied,
  AppRulesSet,
  AppPushesSet,
  AppSsoSet,
  AppTested,
  AppTurnedOff,
  AppTurnedOn,
  AppUnassigned,
  type AppEvent,
} from '@tenure/contracts';
import { given } from '@tenure/eventing/testing';
import { presets, presetNames, type PresetName } from '../presets/index.ts';
import type { Rule } from '../rules/index.ts';
import { noPushes } from './app-config.ts';
import { appDecider, type AppCommand } from './app.decider.ts';
import { refuseAttributes, refuseRules } from './app.rules.ts';
import { missingOf, stepsOf } from './app.steps.ts';
import { nothingVanished } from './vanished.ts';

const app = given(appDecider);
const defaultsOf = (preset: PresetName) => {
  const { attributes, assignment, deprovisioning } = presets[preset];
  return { attributes, scope: { assignment, groups: [], orgUnits: [] }, deprovisioning };
};
const created = (preset: PresetName = 'scim') => AppCreated({ name: 'Git', preset, defaults: defaultsOf(preset) });
const passed = { outcome: 'passed', problem: null, status: 200 } as const;
const failed = { outcome: 'failed', problem: 'refused', status: 403 } as const;
const credentials = AppCredentialsSet({ secretId: 's1', kind: 'bearer', hint: '…4f2a', replaces: null });
const endpoint = AppEndpointSet({ endpoint: { url: 'https://git.example/scim' } });
const sso = AppSsoSet({ configured: true });
const tested = AppTested(passed);
const ready: AppEvent[] = [created(), sso, credentials, endpoint, tested];
const on: AppCommand = { type: 'TurnOn', gateOpen: true, vanished: nothingVanished };
const rule: Rule = {
  id: 'r1',
  name: 'Sales',
  enabled: true,
  match: 'all',
  conditions: [],
  actions: [{ type: 'addEntitlement', kind: 'group', value: 'Sales' }],
};
const stateOf = (...history: AppEvent[]) => {
  const state = history.reduce(appDecider.evolve, appDecider.initial);
  if (state.kind === 'none') throw new Error('none');
  return state;
};

describe('R33: a new app', () => {
  it.each(presetNames)(
    '%s has the defaults of its preset, is a draft, and its mapping and time frames are valid',
    (preset) => {
      app().when({ type: 'Create', name: 'Git', preset }).then(created(preset));
      const state = stateOf(created(preset));
      expect(state).toMatchObject({
        state: 'draft',
        attributes: presets[preset].attributes,
        deprovisioning: presets[preset].deprovisioning,
      });
      expect(stepsOf(state)).toMatchObject({
        attributes: { valid: true },
        scope: { valid: true },
        deprovisioning: { valid: true },
        credentials: { valid: false },
        endpoint: { valid: false },
      });
    },
  );

  it('is created once, and nothing is done to one that is not there', () => {
    app(created()).when({ type: 'Create', name: 'Git', preset: 'scim' }).thenRejected('app/exists');
    app().when({ type: 'TurnOff' }).thenRejected('app/not-found');
  });
});

describe('R31: turning on', () => {
  it('is refused until everything is there, naming what is missing (R24)', () => {
    expect(missingOf(stateOf(created()))).toEqual(['credentials', 'endpoint', 'sso', 'test']);
    app(created()).when(on).thenRejected('app/incomplete');
  });

  it('waits for the tenant’s gate too (R64)', () => {
    app(...ready)
      .when({ type: 'TurnOn', gateOpen: false, vanished: nothingVanished })
      .thenRejected('app/incomplete');
  });

  it('R31: waits for a scope that names only what exists', () => {
    const scope = { assignment: 'assigned' as const, groups: [{ id: 'g1', nested: false }], orgUnits: [] };
    const assigned = [
      AppAssigned({ kind: 'groups', id: 'g2' }),
      AppAssigned({ kind: 'roles', id: 'Baker' }),
      AppAssigned({ kind: 'users', id: 'ada', role: 'Chef' }),
    ];
    const vanished = { groups: new Set(['g1', 'g2']), roles: new Set(['Baker', 'Chef']) };
    const history = [...ready, AppScopeSet(scope), ...assigned];
    expect(stepsOf(stateOf(...history), vanished).scope).toEqual({
      valid: false,
      problems: [
        { field: 'groups[0].id', message: 'The group g1 no longer exists.' },
        { field: 'assignments[0].id', message: 'The assigned group g2 no longer exists.' },
        { field: 'assignments[1].id', message: 'The role Baker no longer exists.' },
        { field: 'assignments[2].role', message: 'The role Chef no longer exists.' },
      ],
    });
    app(...history)
      .when({ type: 'TurnOn', gateOpen: true, vanished })
      .thenRejected('app/incomplete');
    app(...history)
      .when(on)
      .then(AppTurnedOn({}));
  });

  it('R31: waits for a mapping whose sources are known', () => {
    const attributes = {
      ...presets.scim.attributes,
      mappings: [{ kind: 'direct', target: 'userName', source: 'heldOnce', apply: 'always' } as const],
    };
    expect(stepsOf(stateOf(...ready, AppAttributesSet(attributes))).attributes).toMatchObject({
      valid: false,
      problems: [{ field: 'mappings[0].source' }],
    });
  });

  it('R24: needs single sign-on as long as the app is on', () => {
    const off: AppCommand = { type: 'SetSso', configured: false };
    for (const history of [[AppTurnedOn({})], [AppTurnedOn({}), AppReauthorizationNeeded({})]])
      app(...ready, ...history)
        .when(off)
        .thenRejected('app/on');
    app(...ready, AppTurnedOn({}), AppTurnedOff({}))
      .when(off)
      .then(AppSsoSet({ configured: false }));
  });

  it('is a separate act, and once is enough', () => {
    app(...ready)
      .when(on)
      .then(AppTurnedOn({}));
    app(...ready, AppTurnedOn({}))
      .when(on)
      .thenNothing();
  });

  it('is refused after credentials or endpoint changed untested', () => {
    app(...ready, AppEndpointSet({ endpoint: { url: 'https://other.example' } }))
      .when(on)
      .thenRejected('app/incomplete');
    app(...ready, AppCredentialsSet({ secretId: 's2', kind: 'bearer', hint: '', replaces: 's1' }))
      .when(on)
      .thenRejected('app/incomplete');
  });

  it('R50: after an off needs no reconfiguring', () => {
    app(...ready, AppTurnedOn({}))
      .when({ type: 'TurnOff' })
      .then(AppTurnedOff({}));
    app(...ready, AppTurnedOn({}), AppTurnedOff({}))
      .when(on)
      .then(AppTurnedOn({}));
    app(...ready)
      .when({ type: 'TurnOff' })
      .thenNothing();
  });
});

describe('R34: credentials', () => {
  const set = { type: 'SetCredentials', secretId: 's2', kind: 'bearer', hint: '…9c1d' } as const;

  it('replace the ones before, and say which secret nothing refers to any more', () => {
    app(...ready)
      .when({ ...set, test: passed })
      .then(AppCredentialsSet({ secretId: 's2', kind: 'bearer', hint: '…9c1d', replaces: 's1' }), AppTested(passed));
    app(created())
      .when({ ...set, test: null })
      .then(AppCredentialsSet({ secretId: 's2', kind: 'bearer', hint: '…9c1d', replaces: null }));
  });

  it('are not saved when their test failed', () => {
    app(...ready)
      .when({ ...set, test: failed })
      .thenRejected('app/test-failed');
  });

  it('that were replaced while a test ran keep no result of it', () => {
    const keep = { type: 'KeepTest', test: passed, secretId: 's1', url: 'https://git.example/scim' } as const;
    app(created(), credentials, endpoint).when(keep).then(AppTested(passed));
    app(created(), credentials, endpoint)
      .when({ ...keep, secretId: 's0' })
      .thenNothing();
    app(created(), credentials, endpoint)
      .when({ ...keep, url: 'https://elsewhere.example' })
      .thenNothing();
  });

  it('an endpoint that changes while the app is on must pass the test first', () => {
    const change = { type: 'SetEndpoint', endpoint: { url: 'https://new.example' } } as const;
    app(...ready, AppTurnedOn({}))
      .when({ ...change, test: null })
      .thenRejected('app/test-failed');
    app(...ready, AppTurnedOn({}))
      .when({ ...change, test: passed })
      .then(AppEndpointSet({ endpoint: { url: 'https://new.example' } }), AppTested(passed));
    app(...ready)
      .when({ ...change, test: null })
      .then(AppEndpointSet({ endpoint: { url: 'https://new.example' } }));
  });
});

describe('R52: credentials that are accepted no more', () => {
  const running = [...ready, AppTurnedOn({})];

  it('put the app in needsReauthorization, once, and not because of an answer to older ones', () => {
    app(...running)
      .when({ type: 'NeedReauthorization', secretId: 's1' })
      .then(AppReauthorizationNeeded({}));
    app(...running, AppReauthorizationNeeded({}))
      .when({ type: 'NeedReauthorization', secretId: 's1' })
      .thenNothing();
    app(...running)
      .when({ type: 'NeedReauthorization', secretId: 's0' })
      .thenNothing();
  });

  it('are swapped for tested ones, and the app goes on', () => {
    const swap = { type: 'Reauthorize', secretId: 's2', kind: 'bearer', hint: '' } as const;
    const reauthorized = AppReauthorized({ secretId: 's2', kind: 'bearer', hint: '', replaces: 's1' });
    expect(appDecider.decide({ ...swap, test: passed }, stateOf(...running, AppReauthorizationNeeded({})))).toEqual([
      reauthorized,
      AppTested(passed),
      AppTurnedOn({}),
    ]);
    app(...running, AppReauthorizationNeeded({}))
      .when({ ...swap, test: failed })
      .thenRejected('app/test-failed');
    app(...running, AppTurnedOff({}))
      .when({ ...swap, test: passed })
      .then(reauthorized, AppTested(passed));
  });
});

describe('R96: an app that was left alone for long', () => {
  const running = [...ready, AppTurnedOn({})];
  const quarantine = { type: 'Quarantine', code: 'app/unreachable' } as const;
  const quarantined = AppQuarantined({ code: 'app/unreachable' });

  it('is quarantined once, and only while it is on', () => {
    app(...running)
      .when(quarantine)
      .then(quarantined);
    app(...running, quarantined)
      .when(quarantine)
      .thenNothing();
    app(...running, AppTurnedOff({}))
      .when(quarantine)
      .thenNothing();
  });

  it('goes on once it is resumed, and by being turned on or reached in another way', () => {
    app(...running, quarantined)
      .when({ type: 'Resume' })
      .then(AppResumed({}));
    for (const ends of [AppResumed({}), AppTurnedOn({}), AppEndpointSet({ endpoint: { url: 'https://new.example' } })])
      app(...running, quarantined, ends)
        .when({ type: 'Resume' })
        .thenNothing();
  });
});

const { readTarget } = fakeKind;

describe('what can be refused of a configuration', () => {
  it('R35: an unmapped mandatory target', () => {
    const attributes = { ...presets.lumapps.attributes, mappings: [] };
    expect(() => refuseAttributes(attributes, 'lumapps', readTarget)).toThrow(
      expect.objectContaining({ code: 'mapping/mandatory' }),
    );
  });

  it('R37: an expression, with the character at which it goes wrong', () => {
    const attributes = {
      ...presets.scim.attributes,
      mappings: [
        ...presets.scim.attributes.mappings,
        { kind: 'expression', target: 'timezone', expression: 'Switch([country]', apply: 'always' } as const,
      ],
    };
    expect(() => refuseAttributes(attributes, 'scim', readTarget)).toThrow(
      expect.objectContaining({
        code: 'mapping/expression',
        errors: [
          expect.objectContaining({
            field: `mappings[${attributes.mappings.length - 1}].expression`,
            position: expect.any(Number),
          }),
        ],
      }),
    );
  });

  it('R44, R45: time frames', () => {
    const frames = (suspend: string | null, hardDelete: string | null) => ({
      turnedOff: { suspend, hardDelete },
      suspended: { suspend, hardDelete },
      deleted: { suspend, hardDelete },
    });
    app(created())
      .when({ type: 'SetDeprovisioning', deprovisioning: frames('P7D', 'P1D'), applyToRunning: false })
      .thenRejected('deprovisioning/order');
    app(created('lumapps'))
      .when({ type: 'SetDeprovisioning', deprovisioning: frames('P1D', 'P7D'), applyToRunning: false })
      .thenRejected('deprovisioning/unsupported');
    app(created())
      .when({ type: 'SetDeprovisioning', deprovisioning: frames('P1D', 'P7D'), applyToRunning: true })
      .then(AppDeprovisioningSet({ ...frames('P1D', 'P7D'), applyToRunning: true }));
  });

  it('R28: roles of an app that takes none, wherever they are named', () => {
    const unsupported = (code: string) => expect.objectContaining({ code });
    const acting = (action: Rule['actions'][number]): Rule => ({ ...rule, actions: [action] });
    for (const action of [
      { type: 'setRole', value: 'ADMIN' } as const,
      { type: 'setAttribute', target: 'roles[primary eq "True"].value', value: 'ADMIN' } as const,
    ]) {
      expect(() => refuseRules([acting(action)], 'lumapps', readTarget)).toThrow(unsupported('rules/unsupported'));
      expect(() => refuseRules([acting(action)], 'nulab', readTarget)).not.toThrow();
    }
    const { matching, mappings } = presets.lumapps.attributes;
    const toRoles = { kind: 'direct', target: 'roles', source: 'appRoleAssignments', apply: 'always' } as const;
    expect(() => refuseAttributes({ matching, mappings: [...mappings, toRoles] }, 'lumapps', readTarget)).toThrow(
      unsupported('mapping/unsupported'),
    );
    for (const assignment of [
      { kind: 'roles', id: 'ADMIN' } as const,
      { kind: 'users', id: 'ada', role: 'ADMIN' } as const,
    ]) {
      app(created('lumapps')).when({ type: 'Assign', assignment }).thenRejected('assignment/unsupported');
      app(created('nulab')).when({ type: 'Assign', assignment }).then(AppAssigned(assignment));
    }
    app(created('lumapps'))
      .when({ type: 'Assign', assignment: { kind: 'users', id: 'ada' } })
      .then(AppAssigned({ kind: 'users', id: 'ada' }));
  });

  it('R28, R58: entitlements of an app that has none', () => {
    expect(() => refuseRules([rule], 'nulab', readTarget)).toThrow(
      expect.objectContaining({ code: 'rules/unsupported' }),
    );
    app(created('nulab'))
      .when({ type: 'SetEntitlements', entitlements: { configuredBy: 'user' } })
      .thenRejected('app/no-entitlements');
    expect(() => refuseRules([rule, rule], 'scim', readTarget)).toThrow(
      expect.objectContaining({ code: 'rules/id-twice' }),
    );
  });
});

describe('R60: rules', () => {
  const versions = (...history: AppEvent[]) =>
    stateOf(created(), ...history).ruleSets.map(({ version, rules }) => [version, rules.length]);
  const [none, one, two] = [
    AppRulesSet({ rules: [] }),
    AppRulesSet({ rules: [rule] }),
    AppRulesSet({ rules: [rule, { ...rule, id: 'r2' }] }),
  ];

  it('are kept as they were at each edit since they were last reapplied, for the accounts that were made by them', () => {
    expect(versions(AppTurnedOn({}), one, two)).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
    expect(versions(AppTurnedOn({}), one, AppTurnedOff({}), AppTurnedOn({}), two, AppRulesReapplied({}))).toEqual([
      [2, 2],
    ]);
    expect(versions(AppTurnedOn({}), one, AppRulesReapplied({}), none)).toEqual([
      [1, 1],
      [2, 0],
    ]);
  });

  it('of a draft are only the newest, and after its configuration was deleted no version comes again', () => {
    expect(versions(one, two, AppTurnedOn({}))).toEqual([[2, 2]]);
    const deleted = AppConfigurationDeleted({ wipes: null, defaults: defaultsOf('scim') });
    expect(versions(one, AppTurnedOn({}), two, deleted)).toEqual([[3, 0]]);
    expect(versions(one, AppTurnedOn({}), two, deleted, one)).toEqual([[4, 1]]);
  });
});

describe('R89: groups to push', () => {
  const pushes = {
    groups: [{ id: 'bakers', mode: 'mirror' as const }],
    names: [],
    allInScope: false,
    whenUnpushed: 'leave' as const,
  };
  const set: AppCommand = { type: 'SetPushes', pushes };

  it('are set once the app can be reached, and only where they differ', () => {
    app(...ready)
      .when(set)
      .then(AppPushesSet(pushes));
    app(...ready, AppPushesSet(pushes))
      .when(set)
      .thenNothing();
    app(created()).when(set).thenRejected('app/incomplete');
    app(created(), credentials).when(set).thenRejected('app/incomplete');
  });
  it('are refused where the app has no groups; to push nothing is not', () => {
    app(created('lumapps'), credentials, endpoint).when(set).thenRejected('app/no-groups');
    app(created('lumapps'))
      .when({ type: 'SetPushes', pushes: { ...noPushes } })
      .thenNothing();
  });
  it('need a place for groups in a directory', () => {
    const connection = (more: object) =>
      AppConnectionSet({
        connection: {
          kind: 'ldap',
          url: 'ldaps://ldap.example',
          base: 'dc=example',
          template: 'uid={uid},dc=example',
          disable: { kind: 'pwdAccountLockedTime' },
          ...more,
        },
      });
    const directory = [created('openldap'), { ...credentials, data: { ...credentials.data, kind: 'bind' as const } }];
    app(...directory, connection({}))
      .when(set)
      .thenRejected('app/incomplete');
    app(...directory, connection({ groupBase: 'ou=groups,dc=example' }))
      .when(set)
      .then(AppPushesSet(pushes));
  });
});

describe('R39: assignments', () => {
  it('replace the one of the same person, group or role, and are taken back', () => {
    app(created(), AppAssigned({ kind: 'users', id: 'ada', role: 'dev' }))
      .when({ type: 'Assign', assignment: { kind: 'users', id: 'ada', role: 'dev' } })
      .thenNothing();
    expect(
      stateOf(
        created(),
        AppAssigned({ kind: 'users', id: 'ada' }),
        AppAssigned({ kind: 'users', id: 'ada', role: 'dev' }),
      ).assignments,
    ).toEqual([{ kind: 'users', id: 'ada', role: 'dev' }]);
    app(created(), AppAssigned({ kind: 'groups', id: 'g' }))
      .when({ type: 'Unassign', assignment: { kind: 'groups', id: 'g' } })
      .then(AppUnassigned({ kind: 'groups', id: 'g' }));
    app(created())
      .when({ type: 'Unassign', assignment: { kind: 'groups', id: 'g' } })
      .thenNothing();
  });
});

describe('R51: deleting the configuration', () => {
  it('leads back to a draft with the defaults of the preset, and names the secret to wipe', () => {
    const deleted = AppConfigurationDeleted({ wipes: 's1', defaults: defaultsOf('scim') });
    app(...ready, AppTurnedOn({}))
      .when({ type: 'DeleteConfiguration' })
      .then(deleted);
    const state = stateOf(...ready, AppTurnedOn({}), AppAssigned({ kind: 'users', id: 'ada' }), deleted);
    expect(state).toEqual({ ...stateOf(created()), sso: { configured: true }, ruleSets: [{ version: 1, rules: [] }] });
  });
});
