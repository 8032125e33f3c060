import { metered } from '../cpu.mjs';
import { compare } from '../statistics.mjs';
import { targets } from '../targets.mjs';
import { inTurns, roundsOf } from '../turns.mjs';

const figure = ({ perSecond, p50, p95, cpuMs }) => ({
  value: perSecond,
  unit: '/s',
  p50,
  p95,
  ...(cpuMs !== undefined && { cpuMs }),
});

const besideLimit = async (name, system, limit, size, judge) => {
  const rounds = roundsOf(await inTurns([system, limit], size));
  const { system: measured, limit: best, ratio } = compare(rounds);
  const { ratio: judged, target } = judge(ratio);
  return {
    name,
    measured: figure(measured),
    limit: figure(best),
    ratio: judged,
    ratios: ratio,
    ...(target && { target }),
  };
};

const byThroughput =
  (target) =>
  ({ perSecond }) => ({ ratio: perSecond, ...(target && { target: target(perSecond) }) });
const byLatency =
  (target) =>
  ({ p50 }) => ({ ratio: p50, target: target(p50) });

const operations = [
  { name: 'create', kind: 'write', of: (people) => people.creating },
  { name: 'get', kind: 'read', of: (people) => people.getting },
  { name: 'filter by userName', kind: 'read', of: (people) => people.finding },
  { name: 'PATCH active', kind: 'write', of: (people) => people.changing },
];

const callers = (concurrency) => (concurrency === 1 ? '1 caller' : `${concurrency} callers`);

/** Standalone: everything beside bare Fastify with one insert or one select. */
export const usersStandalone = async ({ system, people, limit, size }, add) => {
  const judges = { write: byThroughput(targets.standaloneWrite), read: byThroughput(targets.standaloneRead) };
  for (const { name, kind, of } of operations)
    for (const concurrency of [1, 16])
      add(
        await besideLimit(
          `${name}, ${callers(concurrency)}`,
          metered(of(people)(concurrency), system.pids),
          metered(of(limit)(concurrency), () => [limit.pid, system.pids()[1]]),
          size,
          judges[kind],
        ),
      );
};

/** Over Kafka: reads as before, writes beside a bare request and reply. */
export const usersOverKafka = async ({ people, limit, kafkaLimit, size }, add) => {
  const bare = (concurrency) => (forMs) => kafkaLimit.run({ concurrency, forMs, value: 'x'.repeat(600) });
  const judgeWrite = new Map([
    [1, byLatency(targets.kafkaWriteAlone)],
    [16, byThroughput()],
    [64, byThroughput(targets.kafkaWrite64)],
  ]);
  for (const { name, kind, of } of operations) {
    const concurrencies = kind === 'write' ? [1, 16, 64] : [1, 16];
    for (const concurrency of concurrencies) {
      const [beside, judge] =
        kind === 'write' ? [bare(concurrency), judgeWrite.get(concurrency)] : [of(limit)(concurrency), byThroughput()];
      add(await besideLimit(`${name}, ${callers(concurrency)}`, of(people)(concurrency), beside, size, judge));
    }
  }
};
