import { Body, Controller, Get, HttpCode, Inject, Post, type Type } from '@nestjs/common';
import { z } from 'zod';
import type { ViewRuntime } from '@tenure/eventing';
import type { Parked, Runtime } from '../runtime/runtime.ts';
import { Needs } from './caller.guard.ts';
import { Answers } from './openapi.ts';

const parkedReply = z.object({
  items: z.array(
    z.object({ name: z.string(), stream: z.string(), since: z.string(), code: z.string(), message: z.string() }),
  ),
});
const replayBody = z.strictObject({ name: z.string().min(1).max(200), stream: z.string().min(1).max(500).optional() });
const replayReply = z.object({ applied: z.int(), left: z.array(z.string()) });

/** What the process has parked: `runtime.parked`. */
export const PARKED = Symbol('parked');

/** Streams that a view or a consumer of a service has parked: each waits by itself while all others go on (R96). */
export const parkedController = (segment: string): Type => {
  @Controller(`${segment}/v1/parked`)
  class ParkedController {
    constructor(@Inject(PARKED) private readonly parked: readonly Parked[]) {}

    @Get()
    @Needs('root')
    @Answers('Parked streams, oldest first, with the reason of each', parkedReply)
    async list() {
      const lists = await Promise.all(
        this.own().map(async ({ name, list }) => (await list()).map((item) => ({ name, ...item }))),
      );
      return { items: lists.flat().toSorted((one, other) => (one.since < other.since ? -1 : 1)) };
    }

    @Post('replay')
    @HttpCode(200)
    @Needs('root')
    @Answers('What could be applied, and the streams that still wait', replayReply)
    async replay(@Body({ schema: replayBody }) { name, stream }: z.output<typeof replayBody>) {
      const found = this.own().find((each) => each.name === name);
      return found ? found.replay(stream) : { applied: 0, left: [] };
    }

    private own() {
      return this.parked.filter((each) => each.segment === segment);
    }
  }
  // Names the operations in the description of the API, where every service has its own.
  Object.defineProperty(ParkedController, 'name', {
    value: `${segment.charAt(0).toUpperCase()}${segment.slice(1)}ParkedController`,
  });
  return ParkedController;
};

type FactParking = {
  parked: () => Promise<{ stream: string; parkedAt: string; reason: string | null }[]>;
  replay: (stream: never) => Promise<{ applied: number; left: boolean }>;
};

/** What a consumer of facts has parked: of each stream, the fact that the others wait for. */
export const parkedFacts = (segment: string, name: string, { parked, replay }: FactParking): Parked => {
  const first = async () => {
    const streams = new Map<string, { stream: string; since: string; code: string; message: string }>();
    for (const { stream, parkedAt, reason } of await parked()) {
      if (!streams.has(stream))
        streams.set(stream, { stream, since: parkedAt, code: 'fact/not-applied', message: reason ?? '' });
    }
    return [...streams.values()];
  };
  return {
    segment,
    name,
    list: first,
    replay: async (wanted) => {
      const streams = (await first()).map(({ stream }) => stream);
      const left: string[] = [];
      let applied = 0;
      for (const stream of streams.filter((each) => wanted === undefined || each === wanted)) {
        const outcome = await replay(stream as never);
        applied += outcome.applied;
        if (outcome.left) left.push(stream);
      }
      return { applied, left };
    },
  };
};

/** Shows what a view has parked: to operators by the API, in the metrics, and beside the view's readiness, which it doesn't touch. */
export const parkedView = (
  { parked: known, readiness, metrics, onScrape }: Pick<Runtime, 'parked' | 'readiness' | 'metrics' | 'onScrape'>,
  segment: string,
  { follower: { name }, parked }: Pick<ViewRuntime, 'follower' | 'parked'>,
): void => {
  known.push({ segment, name, list: parked.list, replay: (stream) => parked.replay(stream as never) });
  onScrape.push(async () => metrics.parkedStreams.set({ view: name }, await parked.count()));
  readiness.push({
    name: `${name} parked streams`,
    check: async () => undefined,
    note: async () => {
      const streams = await parked.list();
      return streams.length === 0
        ? undefined
        : `${streams.length} parked: ${streams
            .slice(0, 10)
            .map(({ stream }) => stream)
            .join(', ')}`;
    },
  });
};
