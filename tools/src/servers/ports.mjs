import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const isFree = (port) =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });

/** Drawn by this process, and perhaps not listened on yet: two servers of one start must not get the same. */
const drawn = new Set();

/**
 * A free port below the range from which systems take the ports of outgoing connections:
 * a server that a test stops must get the same port back, even while its clients keep knocking.
 */
export const freePort = async () => {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(15_000, 30_000);
    if (drawn.has(port) || !(await isFree(port))) continue;
    drawn.add(port);
    return port;
  }
  throw new Error('No free port found between 15000 and 30000 on 127.0.0.1.');
};
