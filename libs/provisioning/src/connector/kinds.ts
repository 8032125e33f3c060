import { presets, type Preset, type PresetName } from '../presets/index.ts';
import { withDescribed, type DescribedReference } from './described-references.ts';
import type { ConnectorKind, ReadTarget } from './port.ts';

/** The kinds of app that there are connectors for, by name. */
export type ConnectorKinds = Readonly<Record<Preset['kind'], ConnectorKind>>;

type Described = { preset: PresetName; references?: readonly DescribedReference[] };

/** The kind of an app, which its preset chooses, with what the app said of targets of its own. */
export const kindOf = (kinds: ConnectorKinds, { preset, references = [] }: Described): ConnectorKind =>
  withDescribed(kinds[presets[preset].kind], references);

/** Reads the names of targets as an app's kind has them. */
export const readTargetOf = (kinds: ConnectorKinds, app: Described): ReadTarget => kindOf(kinds, app).readTarget;
