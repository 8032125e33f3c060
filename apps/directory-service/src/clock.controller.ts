import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { Answers, isSettled, Needs, type ManualClock } from '@tenure/platform';
import type { Database } from '@tenure/database';
import { Rejected } from '@tenure/eventing';
import { z } from 'zod';
import { instant } from './users.ts';

export const CLOCK = Symbol('clock');
/** `manual` is absent where the clock is the system's. */
export type ClockApi = { database: Database; manual?: ManualClock };

const DURATION = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

/** ISO 8601, of weeks, days, hours, minutes and seconds, in ms. */
const duration = z.string().transform((text, context) => {
  const match = DURATION.exec(text);
  if (!match || text === 'P' || text.endsWith('T')) {
    context.addIssue({ code: 'custom', message: 'expected a duration such as P1D or PT12H' });
    return z.NEVER;
  }
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return ((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
});

const move = z.union([z.strictObject({ to: instant }), z.strictObject({ advance: duration })]);

/** Business time that stands still between moves, for demos and tests (api.md, Clock). */
@Controller('clock')
export class ClockController {
  constructor(@Inject(CLOCK) private readonly clock: ClockApi) {}

  @Get()
  @Needs('root')
  @Answers(
    'Where the clock stands, and whether there is nothing left to do at that instant',
    z.object({ now: z.string(), settled: z.boolean(), waiting: z.string().optional() }),
  )
  async get() {
    const { now } = this.manual();
    return { now: await now(), ...(await isSettled(this.clock.database)) };
  }

  @Post()
  @HttpCode(200)
  @Needs('root')
  @Answers('Where the clock stands now', z.object({ now: z.string() }))
  async move(@Body({ schema: move }) to: z.output<typeof move>) {
    const { now, moveTo } = this.manual();
    return { now: await moveTo('to' in to ? to.to : new Date(Date.parse(await now()) + to.advance).toISOString()) };
  }

  private manual(): ManualClock {
    if (!this.clock.manual)
      throw new Rejected(
        'not-found',
        'clock/system',
        'The clock is the system’s. Start with TENURE_CLOCK=manual to move it.',
      );
    return this.clock.manual;
  }
}
