import { keeper } from './keep.mjs';
import { startLoad } from './load/load.mjs';
import { tableOf } from './table.mjs';

/** Runs the measures of one system. One that fails is told and leaves the others; the system is stopped in any case. */
export const runMeasures = async (name, { open, measures }, { root, size, only, say, signal }) => {
  const { keep, stopAll } = keeper();
  const rows = [];
  const failures = [];
  const stopNow = () => void stopAll();
  signal.addEventListener('abort', stopNow);
  try {
    const load = await keep(startLoad());
    const { context, populate, startsEmpty } = await open({ root, load, size, keep, say });
    let populated;
    for (const [measure, run] of Object.entries(measures)) {
      if (signal.aborted || (only.length > 0 && !only.includes(measure))) continue;
      const started = performance.now();
      const add = (row) => rows.push({ system: name, measure, ...row });
      try {
        await run(startsEmpty.includes(measure) ? context : (populated ??= await populate()), add);
      } catch (error) {
        failures.push({ system: name, measure, error: error.message });
        say(`${measure} could not be measured: ${error.message}`);
      }
      say(`${measure}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
      const latest = rows.filter((row) => row.measure === measure);
      if (latest.length > 0) say(tableOf(latest));
    }
    return { name, rows, failures, versions: context.versions };
  } finally {
    signal.removeEventListener('abort', stopNow);
    await stopAll();
  }
};
