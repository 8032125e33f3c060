import { METHODS } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant, type IdentityProvider } from './testing/world.ts';

let system: TestSystem;
let idp: IdentityProvider;

beforeAll(async () => {
  system = await testSystem();
  idp = await (await makeTenant(system)).connect();
});
afterAll(() => system?.close());

/** All that comes back on a connection of its own; in one write, or in several. */
const tell = (...parts: string[]) =>
  new Promise<string>((resolve, reject) => {
    const { hostname, port } = new URL(idp.scimUrl);
    let text = '';
    const socket = connect(Number(port), hostname);
    socket.setEncoding('utf8').setNoDelay();
    socket
      .on('data', (part: string) => (text += part))
      .on('end', () => socket.end())
      .on('close', () => resolve(text))
      .on('error', (error) => (text === '' ? reject(error) : undefined));
    socket.on('connect', () =>
      parts.forEach((part, index) => setTimeout(() => socket.writable && socket.write(part), index * 20)),
    );
  });

const request = (method: string, path: string, more = '') => {
  const { host, pathname } = new URL(idp.scimUrl);
  return `${method} ${pathname}${path} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${idp.token}\r\nconnection: close\r\n${more}`;
};

const expectError = (answer: string, status: number) => {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head).toMatch(/content-type: application\/scim\+json/i);
  expect(JSON.parse(body)).toMatchObject({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    detail: expect.any(String),
  });
  return head;
};

describe('a method that SCIM has no use for', () => {
  const others = METHODS.filter(
    (method) => !['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT'].includes(method),
  );

  it.each(others)('%s is 405 with Allow, whatever its body is, and 404 where there is nothing', async (method) => {
    const xml = 'content-type: application/xml\r\ncontent-length: 4\r\n\r\n<a/>';
    expect(expectError(await tell(request(method, '/Users', '\r\n')), 405)).toContain(
      'allow: GET, HEAD, POST, OPTIONS',
    );
    expect(expectError(await tell(request(method, '/Groups/some-id', xml)), 405)).toContain(
      'allow: GET, HEAD, PUT, PATCH, DELETE, OPTIONS',
    );
    expect(expectError(await tell(request(method, '', xml)), 405)).toContain('allow: GET, HEAD, OPTIONS');
    expectError(await tell(request(method, '/Nope', '\r\n')), 404);
    expectError(await tell(request(method, '/Users', '\r\n').replace(idp.token, 'wrong')), 401);
  });

  it.each(['BREW', 'get', 'X-Y.Z'])('%s, which nobody knows, is 501 (RFC 9110 §15.6.2)', async (method) => {
    expectError(await tell(request(method, '/Users', '\r\n')), 501);
  });
});

describe('what is no request', () => {
  it('is a SCIM error of status 400', async () => {
    expectError(await tell(request('GET', '/Users', 'no colon here\r\n\r\n')), 400);
    expectError(
      await tell(
        request('POST', '/Users', 'content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'),
      ),
      400,
    );
    expectError(await tell(request('GET', '/Users', 'content-length: 1\r\ncontent-length: 2\r\n\r\n')), 400);
  });

  it('is one of 431 where its headers are too large, in however many packets they come', async () => {
    const part = `x-filler: ${'x'.repeat(5_000)}\r\n`;
    expectError(await tell(request('GET', '/Users', part.repeat(5))), 431);
    expectError(await tell(request('GET', '/Users'), ...Array.from({ length: 5 }, () => part)), 431);
  });

  it('leaves the server to those who ask properly', async () => {
    expect((await idp.scim.get('/Users?count=0')).status).toBe(200);
  });
});
