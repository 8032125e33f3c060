import type { AppConfig } from '../app/app-config.ts';
import { isReferring, usedTargets } from '../mapping/index.ts';
import type { Connector, ConnectorKind, ReadTarget } from './port.ts';

/** A target of an app's own that holds ids of its accounts. */
export type DescribedReference = {
  target: string;
  type: 'reference' | 'complex';
  multiValued: boolean;
  mandatory: boolean;
};

const MOST = 100;

/** Targets as their names tell, and as the app described them. */
export const withDescribed = (kind: ConnectorKind, references: readonly DescribedReference[]): ConnectorKind => {
  if (references.length === 0) return kind;
  const byName = new Map(references.map((one) => [one.target.toLowerCase(), one]));
  const readTarget: ReadTarget = (name) => {
    const target = kind.readTarget(name);
    const described = typeof target === 'string' ? undefined : byName.get(target.name.toLowerCase());
    if (typeof target === 'string' || !described) return target;
    const { type, multiValued, mandatory } = described;
    return { ...target, type, multiValued, mandatory, compare: 'exact', refersTo: 'account' };
  };
  return { ...kind, readTarget };
};

/** Every target that mappings and rules set. */
export const targetsSet = ({ attributes, ruleSets }: Pick<AppConfig, 'attributes' | 'ruleSets'>): string[] => [
  ...usedTargets(attributes),
  ...ruleSets.flatMap(({ rules }) =>
    rules.flatMap(({ actions }) =>
      actions.flatMap((action) => (action.type === 'setAttribute' ? [action.target] : [])),
    ),
  ),
];

/** Asks the app which of its own targets hold ids of accounts. Undefined: nothing of its own is set, or it doesn't say. */
export const askForReferences = async (
  connector: Pick<Connector, 'describe'>,
  kind: ConnectorKind,
  targets: readonly string[],
): Promise<readonly DescribedReference[] | undefined> => {
  const offered = new Set(kind.offered().map(({ name }) => name.toLowerCase()));
  const isOwn = (name: string) => {
    const target = kind.readTarget(name);
    return typeof target !== 'string' && !offered.has(target.name.toLowerCase()) && !isReferring(kind.readTarget, name);
  };
  if (!targets.some(isOwn)) return undefined;
  const described = await connector.describe();
  if (described.kind !== 'ok') return undefined;
  return described.value.targets.account
    .filter(({ name, refersTo }) => refersTo === 'account' && isOwn(name))
    .slice(0, MOST)
    .map(({ name, type, multiValued, mandatory }) => ({
      target: name,
      type: type === 'complex' ? type : 'reference',
      multiValued,
      mandatory,
    }));
};
