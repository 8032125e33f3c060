import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runTests } from './test/run.mjs';

// format · lint with boundaries · types · build · all tests · and whatever `--and 'COMMAND'` adds, each counted as one.
const { values } = parseArgs({ options: { and: { type: 'string', multiple: true, default: [] } } });
const root = fileURLToPath(new URL('../..', import.meta.url));

const command = (line) => () =>
  new Promise((resolve) => {
    const child = spawn(line, {
      cwd: root,
      shell: true,
      stdio: 'inherit',
      env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' },
    });
    child.once('exit', (code) => resolve(code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }));
  });

const steps = [
  { name: 'format', run: command('npx prettier --check --log-level warn .') },
  { name: 'lint and boundaries', run: command('npm run --silent lint') },
  { name: 'types', run: command('npm run --silent typecheck -- --parallel=2') },
  { name: 'build', run: command('npm run --silent build -- --parallel=2') },
  { name: 'tests', run: () => runTests() },
  ...values.and.map((line) => ({ name: line, run: command(line) })),
];

const timed = async ({ name, run }) => {
  console.log(`\n── ${name}`);
  const start = performance.now();
  const result = await run().catch((error) => {
    console.error(error.message);
    return { passed: 0, failed: 1 };
  });
  return { name, ...result, seconds: (performance.now() - start) / 1000 };
};

const results = [];
for (const step of steps) results.push(await timed(step));

console.log('\n── all steps');
for (const { name, passed, failed, seconds } of results) {
  console.log(
    `${failed ? 'FAILED' : 'ok    '} ${seconds.toFixed(1).padStart(7)} s  ${name} (${passed} passed, ${failed} failed)`,
  );
}
const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
console.log(`\n${total('passed')} passed, ${total('failed')} failed`);
process.exitCode = total('failed') > 0 ? 1 : 0;
