import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { Answers, isSettled, Needs, type ManualClock } from '@tenure/platform';
import type { Database } from '@tenure/database';
import { Rejected } from '@tenure/eventing';
import { z } from 'zod';
import { instant } from '@tenure/contracts';

export const CLOCK = Symbol('clock');
/** `manual` is absent where the clock is the system's. */
export type ClockApi = { database: Database; manual?: ManualClock };

const DURATION = /^P(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,8})H)?(?:(\d{1,9})M)?(?:(\d{1,10})S)?)?$/;
/** Durations are added to business time, and instants have years of four digits. */
const LAST_INSTANT = '2999-12-31T23:59:59.999Z';

/** ISO 8601, of weeks, days, hours, minutes and seconds, in ms. */
const duration = z.string().transform((text, context) => {
  const match = DURATION.exec(text);
  if (!match || text === 'P' || text.endsWith('T')) {
    context.addIssue({ code: 'custom', message: 'Must be a duration such as P1D or PT12H.' });
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
    const target = 'to' in to ? to.to : new Date(Date.parse(await now()) + to.advance).toISOString();
    if (Date.parse(target) > Date.parse(LAST_INSTANT))
      throw new Rejected('invalid', 'clock/too-far', `The clock can't be moved past ${LAST_INSTANT}.`);
    return { now: await moveTo(target) };
  }

  private manual(): ManualClock {
    if (!this.clock.manual)
      throw new Rejected(
        'not-found',
        'clock/system',
        'The clock is the system clock. Start with TENURE_CLOCK=manual to move it.',
      );
    return this.clock.manual;
  }
}
