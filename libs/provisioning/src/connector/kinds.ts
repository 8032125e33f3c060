import { presets, type Preset, type PresetName } from '../presets/index.ts';
import type { ConnectorKind, ReadTarget } from './port.ts';

/** The kinds of app that there are connectors for, by name. */
export type ConnectorKinds = Readonly<Record<Preset['kind'], ConnectorKind>>;

/** The kind of an app, which its preset chooses. */
export const kindOf = (kinds: ConnectorKinds, { preset }: { preset: PresetName }): ConnectorKind =>
  kinds[presets[preset].kind];

/** Reads the names of targets as an app's kind has them. */
export const readTargetOf = (kinds: ConnectorKinds, app: { preset: PresetName }): ReadTarget =>
  kindOf(kinds, app).readTarget;
