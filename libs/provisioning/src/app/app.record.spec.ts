import { describe, expect, it } from '@jest/globals';
import {
  AppAssigned,
  AppCreated,
  AppDeprovisioningSet,
  AppTested,
  AppTurnedOn,
  type AppEvent,
} from '@tenure/contracts';
import type { Decoded } from '@tenure/eventing';
import { presets } from '../presets/index.ts';
import { advanceApp, type AppRecord } from './app.record.ts';
import { framesAt, framesOf } from './frames.ts';

const { attributes, deprovisioning } = presets.scim;
const created = AppCreated({
  name: 'Git',
  preset: 'scim',
  defaults: { attributes, scope: { assignment: 'assigned', groups: [], orgUnits: [] }, deprovisioning },
});
const at = (day: number) => `2026-01-0${day}T09:00:00.000Z`;
const never = { suspend: null, hardDelete: null };
const edit = (suspend: string | null, applyToRunning = false) =>
  AppDeprovisioningSet({ turnedOff: never, suspended: { suspend, hardDelete: null }, deleted: never, applyToRunning });

/** One event a day. */
const recordOf = (...events: AppEvent[]): AppRecord =>
  events.reduce<AppRecord | undefined>(
    (record, event, index) =>
      advanceApp(record, { event, metadata: { occurredAt: at(index + 1) } } as Decoded<AppEvent>),
    undefined,
  )!;

describe('the record of an app', () => {
  it('dates its scope by the event that changed it, whatever comes after', () => {
    const tested = AppTested({ outcome: 'passed', problem: null, status: 200 });
    const { scopeSince } = recordOf(created, AppAssigned({ kind: 'users', id: 'ada' }), tested, AppTurnedOn({}));
    expect(scopeSince).toBe(at(2));
  });

  it('R48: keeps the time frames for what occurred before an edit, until one is applied to all', () => {
    const history = [created, AppTurnedOn({}), edit(null), edit('P7D')];
    const { frames } = recordOf(...history);
    const suspendAt = (instant: string) => framesAt(frames, instant).frames.suspended.suspend;
    expect([1, 2, 3, 4, 5].map((day) => suspendAt(at(day)))).toEqual(['P1D', 'P1D', null, 'P7D', 'P7D']);
    const noted = framesAt(frames, at(3)).version;
    expect(framesOf(frames, noted).frames.suspended.suspend).toBeNull();

    const applied = recordOf(...history, edit('P3D', true)).frames;
    expect(applied).toHaveLength(1);
    expect(framesOf(applied, noted).frames.suspended.suspend).toBe('P3D');
  });

  it('keeps no earlier time frames of a draft, which has no accounts', () => {
    expect(recordOf(created, edit('P7D')).frames).toMatchObject([
      { since: null, frames: { suspended: { suspend: 'P7D' } } },
    ]);
  });
});
