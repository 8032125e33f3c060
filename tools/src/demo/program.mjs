import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startServer, untilItAnswers } from '../servers/child.mjs';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const ours = /^(TENURE|SANDBOX|KAFKA|EVENT_?STORE|OTEL)|^(DATABASE_URL|TRANSPORT|LOG_LEVEL)/;

/** What a program is started with: this process's own environment without a word to Tenure, and what the demo says. */
const environment = (settings) => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name))),
  LOG_LEVEL: 'info',
  ...settings,
});

/** The story can't begin. The message is for the person who started it. */
export class CannotStart extends Error {}

/** Builds the apps, which takes seconds where nothing changed. */
export const build = async (apps) => {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await run(process.execPath, [tsc, '-b', ...apps.map((app) => `apps/${app}`)], { cwd: root }).catch((error) => {
    throw new CannotStart(`The build of ${apps.join(', ')} failed:\n${error.stdout || error.message}`);
  });
};

/** One app as a process of its own, which can be killed and started again with the same environment. Its log is kept over both. */
export const program = ({ app, folder, settings, readyUrl }) => {
  const env = environment(settings);
  const file = (name) => join(root, 'apps', app, 'dist', `${name}.js`);
  const logFile = join(folder, `${app}.log`);
  let server;
  return {
    app,
    start: async () => {
      server = await startServer(process.execPath, [file('main')], { cwd: folder, env, logFile, temporaryDir: folder });
      await untilItAnswers(app, server, logFile, async () => (await fetch(readyUrl)).ok);
    },
    kill: async () => server?.stop('SIGKILL'),
    stop: async () => server?.stop(),
    /** Another command of the same app, on the same data, to its end. Answers the JSON that it prints. */
    command: async (name) => {
      const { stdout } = await run(process.execPath, [file(name)], {
        cwd: folder,
        env: { ...env, LOG_LEVEL: 'silent' },
        timeout: 120_000,
      });
      return JSON.parse(stdout);
    },
  };
};
