import { describe, expect, it } from '@jest/globals';
import {
  type DeprovisioningConfig,
  type TimeFrame,
  dueTimers,
  movedTimers,
  putDeprovisioning,
  validateDeprovisioning,
} from './index.ts';

const never: TimeFrame = { suspend: null, hardDelete: null };
const config = (frames: Partial<DeprovisioningConfig>): DeprovisioningConfig => ({
  turnedOff: never,
  suspended: never,
  deleted: never,
  ...frames,
});
const everything = { suspend: true, hardDelete: true };
const suspendOnly = { suspend: true, hardDelete: false };

describe('R45: hard delete', () => {
  it.each<[string, string]>([
    ['P7D', 'P7D'],
    ['P7D', 'P1D'],
    ['P1D', 'PT24H'],
    ['PT0S', 'PT0S'],
  ])('is refused when suspending takes %s and deleting %s', (suspend, hardDelete) => {
    const problems = validateDeprovisioning(config({ suspended: { suspend, hardDelete } }), everything);
    expect(problems).toEqual([
      {
        code: 'deprovisioning/order',
        field: 'suspended.hardDelete',
        message: expect.stringContaining('must be later'),
      },
    ]);
  });

  it('may come later, or alone', () => {
    expect(
      validateDeprovisioning(
        config({ turnedOff: { suspend: 'P1D', hardDelete: 'P7D' }, deleted: { suspend: null, hardDelete: 'PT0S' } }),
        everything,
      ),
    ).toEqual([]);
  });
});

describe('R44: what the app is not capable of', () => {
  it('is refused by name, for each trigger', () => {
    const both = { suspend: 'P7D', hardDelete: 'P1D' };
    expect(validateDeprovisioning(config({ turnedOff: both, deleted: both }), suspendOnly)).toEqual([
      { code: 'deprovisioning/unsupported', field: 'turnedOff.hardDelete', message: "This app can't delete accounts." },
      { code: 'deprovisioning/unsupported', field: 'deleted.hardDelete', message: "This app can't delete accounts." },
    ]);
  });
});

describe('R44: the time frames of a request', () => {
  const frames = { turnedOff: { suspend: 'P1D', hardDelete: 'P7D' }, suspended: { suspend: 'PT0S' }, deleted: {} };

  it('leave out what never happens, and do not touch running timers unless asked to (R48)', () => {
    expect(putDeprovisioning.parse(frames)).toEqual({
      turnedOff: { suspend: 'P1D', hardDelete: 'P7D' },
      suspended: { suspend: 'PT0S', hardDelete: null },
      deleted: never,
      applyToRunning: false,
    });
  });

  it.each([
    [{ ...frames, more: 1 }],
    [{ ...frames, deleted: { erase: 'P1D' } }],
    [{ ...frames, deleted: { suspend: 'P1M' } }],
    [{ ...frames, deleted: undefined }],
  ])('are refused as %j', (body) => {
    expect(putDeprovisioning.safeParse(body).success).toBe(false);
  });
});

describe('R46: a trigger arms', () => {
  const monday = '2026-01-05T09:00:00.000Z';

  it('a timer for each action of its time frame, the earliest first', () => {
    const timers = dueTimers(
      'suspended',
      monday,
      config({ suspended: { suspend: 'P1D', hardDelete: 'P7D' }, deleted: { suspend: 'PT0S', hardDelete: null } }),
    );
    expect(timers).toEqual([
      { trigger: 'suspended', action: 'suspend', triggeredAt: monday, delay: 'P1D', dueAt: '2026-01-06T09:00:00.000Z' },
      {
        trigger: 'suspended',
        action: 'hardDelete',
        triggeredAt: monday,
        delay: 'P7D',
        dueAt: '2026-01-12T09:00:00.000Z',
      },
    ]);
  });

  it('one that is due at once for "within 24 hours"', () => {
    expect(dueTimers('deleted', monday, config({ deleted: { suspend: null, hardDelete: 'PT0S' } }))).toMatchObject([
      { action: 'hardDelete', dueAt: monday },
    ]);
  });

  it('nothing where the answer is never', () => {
    expect(dueTimers('turnedOff', monday, config({}))).toEqual([]);
  });
});

describe('R48: changed time frames', () => {
  const monday = '2026-01-05T09:00:00.000Z';
  const before = config({
    suspended: { suspend: 'P1D', hardDelete: 'P7D' },
    deleted: { suspend: null, hardDelete: 'P1D' },
  });
  const running = [...dueTimers('suspended', monday, before), ...dueTimers('deleted', monday, before)];

  it('name the running timers that they would move or end', () => {
    const after = config({ suspended: { suspend: 'PT24H', hardDelete: 'P3W' } });
    expect(movedTimers(running, after)).toEqual([
      { timer: running[1], from: '2026-01-12T09:00:00.000Z', to: '2026-01-26T09:00:00.000Z' },
      { timer: running[2], from: '2026-01-06T09:00:00.000Z', to: null },
    ]);
  });

  it('that say the same as before move nothing', () => {
    expect(movedTimers(running, before)).toEqual([]);
  });
});
