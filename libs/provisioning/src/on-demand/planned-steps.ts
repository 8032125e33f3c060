import type { AppConfig } from '../app/app-config.ts';
import type { Evaluated, Views } from '../evaluation/evaluate-person.ts';
import { planFailureOf } from '../account/plan-failure.ts';
import type { Step, StepValue } from './steps.ts';

/** What an evaluation comes to, in its steps. */
export const plannedSteps = ({ person }: Pick<Views, 'person'>, app: AppConfig, evaluated: Evaluated): Step[] => {
  const { scope, reasons, plan, problem } = evaluated;
  const isGone = person.deletedAt !== null;
  return [
    {
      name: 'person',
      outcome: person.active && !isGone ? 'done' : 'skipped',
      detail: isGone ? 'deleted' : person.active ? 'active' : 'deactivated',
    },
    { name: 'scope', outcome: scope.in ? 'done' : 'skipped', detail: scope.because },
    { name: 'rules', outcome: 'done', detail: (reasons.ruleIds ?? []).join(', ') || 'none applied' },
    {
      name: 'mapping',
      outcome: plan ? 'done' : problem ? 'failed' : 'skipped',
      detail: problem
        ? planFailureOf(problem).message
        : plan
          ? Object.keys(plan.attributes).join(', ')
          : 'nothing is wanted in the app',
      ...(plan && {
        values: [
          ...valuesOf(app, evaluated, plan.attributes, 'always'),
          ...valuesOf(app, evaluated, plan.onCreate, 'create'),
        ],
        matching: plan.matching.map(({ target, value }) => ({ target, value })),
        entitlements: plan.entitlements.map(({ kind, value }) => ({ kind, value })),
      }),
    },
  ];
};

const valuesOf = (
  app: AppConfig,
  { origins }: Evaluated,
  values: Readonly<Record<string, unknown>>,
  on: 'create' | 'always',
): NonNullable<Step['values']> =>
  Object.entries(values).map(([target, value]) => {
    const from = fromOf(app, origins[target] ?? originIgnoringCase(origins, target));
    return { target, value: value as StepValue, ...(from && { from }), on };
  });

const originIgnoringCase = (origins: Evaluated['origins'], target: string) =>
  Object.entries(origins).find(([name]) => name.toLowerCase() === target.toLowerCase())?.[1];

type ValueFrom = NonNullable<NonNullable<Step['values']>[number]['from']>;

const fromOf = (
  { attributes: { mappings } }: AppConfig,
  origin: Evaluated['origins'][string] | undefined,
): ValueFrom | undefined => {
  switch (origin?.by) {
    case undefined:
      return undefined;
    case 'system':
      return { by: 'tenure' };
    case 'rule':
      return { by: 'rule', ruleId: origin.id };
    case 'mapping': {
      const mapping = mappings[origin.n];
      switch (mapping?.kind) {
        case undefined:
          return { by: 'mapping' };
        case 'direct':
          return { by: 'direct', source: mapping.source };
        case 'constant':
          return { by: 'constant' };
        case 'expression':
          return { by: 'expression', source: mapping.expression };
      }
    }
  }
};
