import { afterEach, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { openFrontDoor, type FrontDoor } from './front-door.ts';

let door: FrontDoor | undefined;
afterEach(() => door?.close());

const ask = async (path: string) => {
  const response = await fetch(`http://127.0.0.1:${door!.port}${path}`);
  return { status: response.status, retry: response.headers.get('retry-after'), body: await response.json() };
};

it('is alive from the first second, and says what the start waits for', async () => {
  door = await openFrontDoor(0, '127.0.0.1');
  for (const path of ['/health/live', '/directory/health/live?x=1'])
    expect(await ask(path)).toMatchObject({ status: 200, body: { status: 'live' } });
  door.waitFor('EventStoreDB');
  expect(await ask('/health/ready')).toEqual({
    status: 503,
    retry: '1',
    body: { status: 'starting', parts: [{ name: 'start', waitsFor: 'EventStoreDB' }] },
  });
  expect(await ask('/scim/t/c/v2/Users')).toMatchObject({
    status: 503,
    retry: '1',
    body: { code: 'service/starting', detail: 'The service is starting; try again.' },
  });
});

it('leaves its port to the service, also where a client keeps its connection open', async () => {
  door = await openFrontDoor(0, '127.0.0.1');
  const { port, close } = door;
  await ask('/health/live');
  await close();
  door = undefined;
  const service = createServer((_request, response) => void response.end('{}')).listen(port, '127.0.0.1');
  await once(service, 'listening');
  service.closeAllConnections();
  service.close();
});
