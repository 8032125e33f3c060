import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { kafkaMeasures, openOverKafka } from './bench/over-kafka.mjs';
import { describeMachine } from './bench/machine.mjs';
import { runMeasures } from './bench/run.mjs';
import { sizes } from './bench/sizes.mjs';
import { openStandalone, standaloneMeasures } from './bench/standalone.mjs';
import { tableOf } from './bench/table.mjs';
import { whyNoKafka } from './kafka/kafka.mjs';

const usage = `npm run bench [-- --quick] [--only NAME]… [--kafka | --standalone]

  --quick        few and short rounds, small groups: a first look, no judgement
  --only NAME    one measure, several times for several: ${[...new Set([...Object.keys(standaloneMeasures), ...Object.keys(kafkaMeasures)])].join(', ')}
  --kafka        only the four services over Kafka
  --standalone   only what npm start runs

Without either both are measured, over Kafka where a broker can be had. BENCH_NODE_OPTIONS is given to the processes of the system, such as --cpu-prof.`;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    kafka: { type: 'boolean', default: false },
    standalone: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const say = (line) => console.log(line);

const build = async (apps) => {
  const child = spawn('npx', ['tsc', '-b', ...apps.map((app) => `apps/${app}`)], { cwd: root, stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error('The system does not build, so there is nothing to measure.');
};

const systems = [
  {
    name: 'standalone',
    wanted: !values.kafka,
    apps: ['standalone', 'sandbox-app'],
    open: openStandalone,
    measures: standaloneMeasures,
  },
  {
    name: 'over Kafka',
    wanted: !values.standalone,
    apps: ['scim-gateway', 'directory-service', 'mapping-service', 'audit-service', 'sandbox-app'],
    open: openOverKafka,
    measures: kafkaMeasures,
    absent: () => (process.env.KAFKA_BROKERS ? undefined : whyNoKafka()),
  },
];

const chosen = async () => {
  const found = [];
  for (const system of systems.filter(({ wanted }) => wanted)) {
    const reason = await system.absent?.();
    if (reason && values.kafka) throw new Error(reason);
    if (reason) say(`Not measured over Kafka. ${reason}`);
    else found.push(system);
  }
  return found;
};

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stopping.abort());

const measure = async () => {
  const toMeasure = await chosen();
  await build([...new Set(toMeasure.flatMap(({ apps }) => apps))]);
  const before = await describeMachine(root);
  const results = [];
  for (const system of toMeasure) {
    say(`\n── ${system.name}`);
    results.push(
      await runMeasures(system.name, system, {
        root,
        size: sizes[values.quick ? 'quick' : 'full'],
        only: values.only,
        say,
        signal: stopping.signal,
      }),
    );
  }
  return { machine: { ...before, loadAfter: (await describeMachine(root)).load }, quick: values.quick, results };
};

try {
  const report = await measure();
  for (const { name, rows, versions } of report.results) say(`\n${name} ${JSON.stringify(versions)}\n${tableOf(rows)}`);
  const dir = join(root, 'bench-results');
  await mkdir(dir, { recursive: true });
  const file = join(dir, `${report.machine.date.replace(/[:.]/g, '-')}.json`);
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  say(`\n${JSON.stringify(report.machine)}\nwritten to ${file}`);
  const failures = report.results.flatMap((result) => result.failures);
  for (const { system, measure: what, error } of failures) console.error(`${system}, ${what}: ${error}`);
  if (failures.length > 0 || stopping.signal.aborted) process.exitCode = 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
