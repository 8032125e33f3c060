import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Rejected } from '@tenure/eventing';
import { toProblem } from './problem.ts';

/** Answers on a service's port while the service starts. */
export type FrontDoor = {
  /** The port, for who is given a free one. */
  readonly port: number;
  /** Says at `/health/ready` what the start waits for. */
  waitFor: (what: string) => void;
  /** Leaves the port to the service. */
  close: () => Promise<void>;
};

const starting = new Rejected('unavailable', 'service/starting', 'The service is starting; try again.');

const answer = (response: ServerResponse, status: number, type: string, body: object) => {
  response.writeHead(status, {
    'content-type': type,
    ...(status === 503 && { 'retry-after': '1' }),
  });
  response.end(JSON.stringify(body));
};

/**
 * A start may wait for a database, a broker or an event store, longer than a liveness probe has patience. So the process is alive from its first
 * second, and all else is 503 until the service itself listens.
 */
export const openFrontDoor = async (port: number, host = '0.0.0.0'): Promise<FrontDoor> => {
  let waitsFor = 'the start';
  const serve = ({ url = '/' }: IncomingMessage, response: ServerResponse) => {
    const [path = '/'] = url.split('?');
    if (path.endsWith('/health/live')) return answer(response, 200, 'application/json', { status: 'live' });
    if (path.endsWith('/health/ready'))
      return answer(response, 503, 'application/json', { status: 'starting', parts: [{ name: 'start', waitsFor }] });
    answer(response, 503, 'application/problem+json', toProblem(starting, ''));
  };
  const server = createServer(serve).listen(port, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    waitFor: (what) => {
      waitsFor = what;
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
