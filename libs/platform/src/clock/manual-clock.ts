import type { Database } from '@tenure/database';
import { Rejected, systemClock, type Clock, type Instant } from '@tenure/eventing';

/** Business time that stands still between moves: one row, read for every command, never cached (design, decision 6). */
export type ManualClock = Clock & {
  /** Throws `Rejected` with `clock/backwards`. */
  moveTo: (instant: Instant) => Promise<Instant>;
};

/** `clock.reports` is where each service says whether it has anything left to do at the present instant. */
export const clockMigrations = [
  {
    name: 'CreateClock1767225600000',
    up: `
      create table now (at timestamptz not null, single boolean primary key default true check (single));
      create table reports (service text primary key, checks bigint not null, streak int not null, waiting text, checked_at timestamptz not null)`,
  },
];

/** Where the clock stands first; a clock that already stands somewhere stays there. */
export const startManualClock = async (database: Database, startsAt: Instant = new Date().toISOString()) => {
  await database.query({ text: 'insert into clock.now (at) values ($1) on conflict do nothing', values: [startsAt] });
};

export const manualClock = (database: Database): ManualClock => ({
  now: async () => {
    const [row] = await database.query<{ at: Instant }>({ name: 'clock.now', text: 'select at from clock.now' });
    if (!row) throw new Error('The manual clock was never started: directory-service starts it.');
    return row.at;
  },
  moveTo: async (instant) => {
    const [row] = await database.query<{ at: Instant }>({
      text: 'update clock.now set at = $1 where at <= $1 returning at',
      values: [instant],
    });
    if (!row) throw new Rejected('conflict', 'clock/backwards', 'The clock moves forward only.');
    return row.at;
  },
});

export const clockOf = (setting: { kind: 'system' | 'manual' }, database: Database): Clock =>
  setting.kind === 'system' ? systemClock : manualClock(database);
