import { validateDeprovisioning } from '../duration/index.ts';
import { incompleteAttributes, unknownSources } from '../mapping/index.ts';
import { presets, type Preset } from '../presets/index.ts';
import type { PresentApp } from './app.state.ts';
import { nothingVanished, scopeProblems, type Vanished } from './vanished.ts';

/** The steps in which an app is configured (R30). */
export const stepNames = ['credentials', 'endpoint', 'attributes', 'scope', 'deprovisioning'] as const;
export type StepName = (typeof stepNames)[number];

export type Step = { valid: boolean; problems: { field: string; message: string }[] };
export type Missing = StepName | 'sso' | 'test';

type Configured = Pick<PresentApp, 'preset' | 'attributes' | 'deprovisioning' | 'scope' | 'assignments'> & {
  credentials: unknown;
  endpoint: unknown;
};

const unknownPlace = (kind: Preset['kind']) =>
  kind === 'scim'
    ? { field: 'endpoint', message: 'The endpoint is not known.' }
    : { field: 'connection', message: 'The connection to the directory is not known.' };

/** Each step as it stands. A scope with nobody in it is valid, one that names what no longer exists isn't. */
export const stepsOf = (app: Configured, vanished: Vanished = nothingVanished): Record<StepName, Step> => {
  const { preset, credentials, endpoint, attributes, deprovisioning } = app;
  const { mandatory, capabilities, kind } = presets[preset];
  const step = (problems: readonly { field: string; message: string }[]): Step => ({
    valid: problems.length === 0,
    problems: problems.map(({ field, message }) => ({ field, message })),
  });
  return {
    credentials: step(credentials ? [] : [{ field: 'credentials', message: 'No credentials were saved.' }]),
    endpoint: step(endpoint ? [] : [unknownPlace(kind)]),
    attributes: step([...unknownSources(attributes), ...incompleteAttributes(attributes, mandatory)]),
    scope: step(scopeProblems(app, vanished)),
    deprovisioning: step(validateDeprovisioning(deprovisioning, capabilities)),
  };
};

type Judged = Configured & { sso: { configured: boolean }; test: { outcome: string } | null };

/** What turning on waits for (R24, R31); nothing = it may be, where the tenant's gate is open (R64). */
export const missingOf = (app: Judged, vanished?: Vanished): Missing[] => {
  const steps = stepsOf(app, vanished);
  return [
    ...stepNames.filter((name) => !steps[name].valid),
    ...(app.sso.configured ? [] : (['sso'] as const)),
    ...(app.test?.outcome === 'passed' ? [] : (['test'] as const)),
  ];
};

/** In words for who is refused. */
export const wordsFor: Record<Missing | 'feature', string> = {
  credentials: 'No credentials were saved.',
  endpoint: 'The endpoint is not known.',
  attributes: 'The attribute mapping has problems.',
  scope: 'The scope has problems.',
  deprovisioning: 'The deprovisioning time frames have problems.',
  sso: 'Single sign-on of the app is not configured.',
  test: 'The connection was not tested with success.',
  feature: 'Provisioning is not enabled for this tenant.',
};
