import { Rejected } from '@tenure/eventing';
import type { AppConnection, ReadTarget } from '../connector/index.ts';
import { validateDeprovisioning, type DeprovisioningConfig } from '../duration/index.ts';
import { validateAttributes, type AttributesConfig } from '../mapping/index.ts';
import { presets, type PresetName } from '../presets/index.ts';
import type { CredentialKind } from './app-config.ts';
import { validateRules, type Rule } from '../rules/index.ts';

type Problem = { code: string; field: string; message: string; position?: number };

/** The first problem names the refusal, all of them are told. */
const refuseAny = (problems: readonly Problem[]) => {
  const [first] = problems;
  if (!first) return;
  const errors = problems.map(({ field, message, position }) => ({
    field,
    message,
    ...(position !== undefined && { position }),
  }));
  throw new Rejected('invalid', first.code, `${first.field}: ${first.message}`, errors);
};

/** R35, R37. */
export const refuseAttributes = (attributes: AttributesConfig, preset: PresetName, readTarget: ReadTarget) =>
  refuseAny(validateAttributes(attributes, presets[preset].mandatory, readTarget));

/** R44, R45. */
export const refuseDeprovisioning = (config: DeprovisioningConfig, preset: PresetName) =>
  refuseAny(validateDeprovisioning(config, presets[preset].capabilities));

const isDirectory = (preset: PresetName) => presets[preset].kind === 'ldap';

/** R93: each kind of app is signed in to in its own way. */
export const refuseCredentials = (kind: CredentialKind, preset: PresetName) => {
  if ((kind === 'bind') === isDirectory(preset)) return;
  const message = isDirectory(preset)
    ? 'A directory takes credentials of the kind bind: a DN and a password.'
    : 'Only directories take credentials of the kind bind.';
  throw new Rejected('conflict', 'credentials/not-allowed', message, [{ field: 'kind', message }]);
};

export const refuseEndpoint = (preset: PresetName) => {
  if (isDirectory(preset))
    throw new Rejected('conflict', 'endpoint/not-allowed', 'The address of a directory is part of its connection.');
};

export const refuseConnection = (kind: AppConnection['kind'], preset: PresetName) => {
  if (kind === presets[preset].kind) return;
  const message = `The preset ${preset} takes a connection of the kind ${presets[preset].kind}.`;
  throw new Rejected('conflict', 'connection/not-allowed', message, [{ field: 'kind', message }]);
};

/** R58: an app without entitlements says so. */
export const refuseEntitlements = (preset: PresetName) => {
  if (!presets[preset].capabilities.entitlements)
    throw new Rejected('conflict', 'app/no-entitlements', 'This app has no entitlements.');
};

/** R59; what the app can't do is refused by name (R28). */
export const refuseRules = (rules: readonly Rule[], preset: PresetName, readTarget: ReadTarget) => {
  const twice = rules
    .filter(({ id }, index) => rules.findIndex((other) => other.id === id) < index)
    .map(({ id }): Problem => ({
      code: 'rules/id-twice',
      field: `rules[${rules.findLastIndex((rule) => rule.id === id)}].id`,
      message: `${id} is the id of another rule.`,
    }));
  refuseAny([
    ...validateRules(rules, readTarget),
    ...twice,
    ...(presets[preset].capabilities.entitlements ? [] : rules.flatMap(entitlementActions)),
  ]);
};

/** With targets in their canonical spelling, which is how they are stored. */
export const canonicalRules = (rules: readonly Rule[], readTarget: ReadTarget): Rule[] =>
  rules.map((rule) => ({
    ...rule,
    actions: rule.actions.map((action) => {
      if (action.type !== 'setAttribute') return action;
      const target = readTarget(action.target);
      return typeof target === 'string' ? action : { ...action, target: target.name };
    }),
  }));

const entitlementActions = ({ actions }: Rule, rule: number): Problem[] =>
  actions.flatMap(({ type }, index) =>
    type === 'setEntitlement' || type === 'addEntitlement'
      ? [
          {
            code: 'rules/unsupported',
            field: `rules[${rule}].actions[${index}]`,
            message: 'This app has no entitlements.',
          },
        ]
      : [],
  );
