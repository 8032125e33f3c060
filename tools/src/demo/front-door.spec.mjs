import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { freePort } from '../servers/ports.mjs';
import { openFrontDoor } from './front-door.mjs';

let directory;
let door;
let url;
beforeEach(async () => {
  const [port, directoryPort, nobody] = [await freePort(), await freePort(), await freePort()];
  directory = createServer((request, response) => {
    response
      .writeHead(201, { 'x-seen': request.headers.authorization ?? '' })
      .write(`${request.method} ${request.url} `);
    request.pipe(response);
  });
  await new Promise((listening) => directory.listen(directoryPort, '127.0.0.1', listening));
  door = await openFrontDoor(port, { directory: directoryPort, mapping: nobody });
  url = `http://127.0.0.1:${port}`;
});
afterEach(async () => {
  await door.close();
  directory.closeAllConnections();
  await new Promise((closed) => directory.close(closed));
});

describe('the front door', () => {
  it('passes a request on to the owner of its first path segment, and the answer back', async () => {
    const response = await fetch(`${url}/directory/v1/tenants?limit=1`, {
      method: 'POST',
      headers: { authorization: 'Bearer key' },
      body: 'Ada',
    });
    expect([response.status, response.headers.get('x-seen'), await response.text()]).toEqual([
      201,
      'Bearer key',
      'POST /directory/v1/tenants?limit=1 Ada',
    ]);
  });

  it('says 503 and when to come back where the owner does not answer', async () => {
    const response = await fetch(`${url}/mapping/v1`);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  });

  it('knows nobody else', async () => {
    expect((await fetch(`${url}/elsewhere`)).status).toBe(404);
  });
});
