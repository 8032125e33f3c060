import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * A part of the bench in a process of its own, so that it shares no event loop with what it measures. It answers one message at a time
 * (`answer`), first with what it has to say once it is ready. It ends with us: its channel closes. Detached, for a session of its own: Linux shares the
 * processor among sessions (autogroup), and what is compared must get the same share.
 */
export const startPart = async (url, environment = {}) => {
  const child = fork(fileURLToPath(url), [], {
    serialization: 'advanced',
    detached: true,
    env: { ...process.env, ...environment },
  });
  let waiting;
  child.on('message', ({ error, answer }) => (error ? waiting?.reject(new Error(error)) : waiting?.resolve(answer)));
  child.on('exit', (code, signal) => waiting?.reject(new Error(`${fileURLToPath(url)} ended (${signal ?? code}).`)));
  const next = () => new Promise((resolve, reject) => (waiting = { resolve, reject }));
  const ready = await next();
  return {
    ready,
    pid: child.pid,
    ask: (question) => {
      child.send(question);
      return next();
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.disconnect();
      const insist = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await once(child, 'exit');
      clearTimeout(insist);
    },
  };
};

/** The other side: opens the part, then answers each message; `close` when the bench is gone. */
export const beAPart = async ({ open, answer, close = async () => {} }) => {
  const saying = (promise) => promise.then((it) => ({ answer: it })).catch((error) => ({ error: error.stack }));
  process.on('SIGINT', () => {});
  process.once('disconnect', () => void close().finally(() => process.exit(0)));
  process.on(
    'message',
    (question) => void saying(answer(question)).then((reply) => process.connected && process.send(reply)),
  );
  process.send(await saying(open()));
};
