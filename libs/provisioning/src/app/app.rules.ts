import { Rejected } from '@tenure/eventing';
import type { AppConnection, ReadTarget } from '../connector/index.ts';
import { validateDeprovisioning, type DeprovisioningConfig } from '../duration/index.ts';
import { validateAttributes, type AttributesConfig } from '../mapping/index.ts';
import { presets, takesRoles, type PresetName } from '../presets/index.ts';
import { validateRules, type Rule } from '../rules/index.ts';
import type { Assignment, CredentialKind, Pushes } from './app-config.ts';
import type { PresentApp } from './app.state.ts';
import { stepsOf } from './app.steps.ts';

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
  refuseAny([
    ...validateAttributes(attributes, presets[preset].mandatory, readTarget),
    ...attributes.mappings.flatMap(({ target }, index) =>
      isUnsupportedRole(preset, target) ? [noRoles('mapping/unsupported', `mappings[${index}].target`)] : [],
    ),
  ]);

const isUnsupportedRole = (preset: PresetName, target: string): boolean =>
  !takesRoles(preset) && (presets[preset].roleTargets?.test(target) ?? false);

const noRoles = (code: string, field: string): Problem => ({ code, field, message: "This app doesn't take roles." });

/** R28: an assignment to a role, or with one, gives the account that role. */
export const refuseRoleAssignment = ({ kind, role }: Assignment, preset: PresetName) => {
  if (takesRoles(preset) || (kind !== 'roles' && role === undefined)) return;
  const field = role === undefined ? 'kind' : 'role';
  throw new Rejected('invalid', 'assignment/unsupported', "This app doesn't take roles.", [
    { field, message: "This app doesn't take roles." },
  ]);
};

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

/** R89: nothing is pushed to an app that has no groups, or that can't be reached yet. To push nothing is always allowed. */
export const refusePushes = (
  app: Pick<PresentApp, 'preset' | 'connection'> & Parameters<typeof stepsOf>[0],
  { groups, names, allInScope }: Pushes,
) => {
  if (groups.length + names.length === 0 && !allInScope) return;
  if (!presets[app.preset].capabilities.groups)
    throw new Rejected('conflict', 'app/no-groups', "Groups can't be pushed: this app has no groups.");
  const { credentials, endpoint } = stepsOf(app);
  const hasNoPlace = app.connection?.kind === 'ldap' && app.connection.groupBase === undefined;
  const errors = [
    ...credentials.problems,
    ...endpoint.problems,
    ...(hasNoPlace ? [{ field: 'connection.groupBase', message: 'The connection has no groupBase for groups.' }] : []),
  ];
  if (errors.length > 0)
    throw new Rejected(
      'conflict',
      'app/incomplete',
      `Groups can't be pushed yet: ${errors.map(({ message }) => message).join(' ')}`,
      errors,
    );
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
    ...rules.flatMap((rule, index) => unsupportedActions(rule, index, preset)),
  ]);
};

/** Whether a rule gives entitlements, which a tenant's gate may close (R64). */
export const givesEntitlements = ({ actions }: Pick<Rule, 'actions'>): boolean =>
  actions.some(({ type }) => type === 'setEntitlement' || type === 'addEntitlement');

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

const unsupportedActions = ({ actions }: Rule, rule: number, preset: PresetName): Problem[] =>
  actions.flatMap((action, index): Problem[] => {
    const field = `rules[${rule}].actions[${index}]`;
    switch (action.type) {
      case 'setEntitlement':
      case 'addEntitlement':
        return presets[preset].capabilities.entitlements
          ? []
          : [{ code: 'rules/unsupported', field, message: 'This app has no entitlements.' }];
      case 'setRole':
        return takesRoles(preset) ? [] : [noRoles('rules/unsupported', field)];
      case 'setAttribute':
        return isUnsupportedRole(preset, action.target) ? [noRoles('rules/unsupported', `${field}.target`)] : [];
      case 'skip':
        return [];
    }
  });
