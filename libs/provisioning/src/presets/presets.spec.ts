import { fakeKind } from '../testing/fake-kind.ts';
import { describe, expect, it } from '@jest/globals';
import { deprovisioningConfig, validateDeprovisioning } from '../duration/index.ts';
import {
  type Person,
  attributesConfig,
  desiredAttributes,
  emptyMandatory,
  validateAttributes,
} from '../mapping/index.ts';
import { type PresetName, presetNames, presets } from './index.ts';

/** Those of directories are tested where their targets are known (libs/connectors). */
type ScimPreset = Exclude<PresetName, 'openldap' | 'active-directory'>;
const scimPresets = presetNames.filter((name): name is ScimPreset => presets[name].kind === 'scim');

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const workEmail = 'emails[type eq "work"].value';
const common = [
  'userName',
  'name.givenName',
  'name.familyName',
  'name.middleName',
  'name.honorificPrefix',
  'name.honorificSuffix',
  'name.formatted',
  'displayName',
  workEmail,
  'active',
];

const table: Record<
  ScimPreset,
  { can: string[]; mandatory: string[]; more: string[]; assignment: string; frame: object }
> = {
  lumapps: {
    can: ['suspend'],
    mandatory: ['userName', 'name.givenName', 'name.familyName', workEmail],
    more: ['title', `${enterprise}:department`, 'phoneNumbers[type eq "work"].value'],
    assignment: 'everyone',
    frame: { suspend: 'P1D', hardDelete: null },
  },
  comeet: {
    can: ['suspend', 'hardDelete'],
    mandatory: ['userName', 'name.givenName', 'name.familyName', workEmail],
    more: [`${enterprise}:department`],
    assignment: 'everyone',
    frame: { suspend: 'P1D', hardDelete: 'P7D' },
  },
  nulab: {
    can: ['suspend', 'hardDelete', 'roles'],
    mandatory: ['userName', 'displayName', 'active'],
    more: ['preferredLanguage', 'timezone', 'roles[primary eq "True"].value'],
    assignment: 'assigned',
    frame: { suspend: 'PT0S', hardDelete: null },
  },
  scim: {
    can: ['suspend', 'hardDelete', 'groups', 'entitlements'],
    mandatory: ['userName'],
    more: ['employeeNumber', 'costCenter', 'organization', 'division', 'department', 'manager'].map(
      (name) => `${enterprise}:${name}`,
    ),
    assignment: 'assigned',
    frame: { suspend: 'P1D', hardDelete: null },
  },
};

const { readTarget } = fakeKind;

const ada: Person = {
  id: 'ada',
  appRoles: ['ADMIN'],
  resource: {
    userName: 'ada@acme.example',
    name: { givenName: 'Ada', familyName: 'L' },
    displayName: 'Ada L',
    emails: [{ value: 'ada@acme.example', type: 'work' }],
    timezone: 'Europe/Amsterdam',
  },
};

describe.each(scimPresets)('R33: the preset %s', (name) => {
  const { can, mandatory, more, assignment, frame } = table[name];
  const preset = presets[name];

  it('is as the table has it', () => {
    const able = Object.entries(preset.capabilities)
      .filter(([capability, is]) => is && capability !== 'provisioning')
      .map(([capability]) => capability);
    expect(able).toEqual(can);
    expect(preset.name).toBe(name);
    expect(preset.mandatory).toEqual(mandatory);
    expect(preset.attributes.mappings.map(({ target }) => target)).toEqual([...common, ...more]);
    expect(preset.assignment).toBe(assignment);
    expect(preset.deprovisioning).toEqual({ turnedOff: frame, suspended: frame, deleted: frame });
  });

  it('is valid by its own rules', () => {
    expect(attributesConfig.parse(preset.attributes)).toEqual(preset.attributes);
    expect(validateAttributes(preset.attributes, preset.mandatory, readTarget)).toEqual([]);
    expect(deprovisioningConfig.parse(preset.deprovisioning)).toEqual(preset.deprovisioning);
    expect(validateDeprovisioning(preset.deprovisioning, preset.capabilities)).toEqual([]);
  });

  it('R35: refuses to lose a required mapping', () => {
    const mappings = preset.attributes.mappings.filter(({ target }) => target !== 'userName');
    expect(validateAttributes({ ...preset.attributes, mappings }, preset.mandatory, readTarget)).toMatchObject([
      { code: 'mapping/mandatory', message: 'userName must be mapped.' },
    ]);
  });

  it('fills what is mandatory for an ordinary person', () => {
    expect(
      emptyMandatory(
        desiredAttributes(preset.attributes.mappings, ada, { creating: true, readTarget }),
        preset.mandatory,
      ),
    ).toEqual([]);
  });
});

describe('R33: the preset nulab', () => {
  it('sends language and time zone on create only, and one role', () => {
    const { mappings } = presets.nulab.attributes;
    expect(desiredAttributes(mappings, ada, { creating: true, readTarget })).toMatchObject({
      timezone: 'Europe/Amsterdam',
      preferredLanguage: null,
      'roles[primary eq "True"].value': 'ADMIN',
      active: true,
    });
    expect(Object.keys(desiredAttributes(mappings, ada, { creating: false, readTarget }))).not.toEqual(
      expect.arrayContaining(['timezone']),
    );
  });
});
