import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { allowedTargets } from './allowed-targets.ts';
import { openTargets } from './targets.ts';

const refusalOf = (listed: string[], address: string, { protocol = 'https:', hostname = address } = {}) =>
  allowedTargets(listed).refusalOf({ protocol, hostname, address });

describe('a target', () => {
  it.each(['8.8.8.8', '2a00:1450:4001::1'])('%s is public and may be reached by https only', (address) => {
    expect(refusalOf([], address)).toBeUndefined();
    expect(refusalOf([], address, { protocol: 'http:' })).toMatch(/by https only/);
  });

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '198.18.0.1',
    '255.255.255.255',
    '224.0.0.1',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    'fec0::1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'ff02::1',
  ])('%s is refused, by name or address', (address) => {
    expect(refusalOf([], address)).toMatch(/not a public address/);
    expect(refusalOf(['other.internal', '10.2.0.0/16'], address, { hostname: 'app.example' })).toMatch(
      /not a public address/,
    );
  });

  it.each([
    [['10.0.0.0/8'], '10.1.2.3', 'app.internal'],
    [['app.internal'], '10.1.2.3', 'APP.internal'],
    [['10.1.2.3'], '10.1.2.3', '10.1.2.3'],
    [['10.0.0.0/8'], '::ffff:10.1.2.3', 'app.internal'],
    [['::1'], '::1', '[::1]'],
    [['fd00::/8'], 'fd12::1', 'app.internal'],
  ])('that is listed as %j may be reached at %s, by http too', (listed, address, hostname) => {
    expect(refusalOf(listed, address, { hostname, protocol: 'http:' })).toBeUndefined();
  });
});

describe('a URL of an endpoint', () => {
  const targets = openTargets({ allowPrivateTargets: [] });

  it.each([
    'https://localhost:8443/scim',
    'https://127.0.0.1/scim',
    'https://[::1]/scim',
    'https://2130706433/',
    'https://0x7f.1/',
    'http://10.0.0.1/',
  ])('%s is refused', async (url) => {
    expect(await targets.refusalOf(url)).toMatch(/not a public address/);
  });

  it('is refused by plain http even where its name has no address yet', async () => {
    expect(await targets.refusalOf('http://app.invalid/')).toMatch(/https only/);
    expect(await targets.refusalOf('https://app.invalid/')).toBeUndefined();
  });
});

describe('a connection', () => {
  it('is refused on the address it would be made to, whatever was checked before', async () => {
    const server = createServer((_, response) => response.end('inside')).listen(0);
    const { port } = server.address() as AddressInfo;
    const guarded = openTargets({ allowPrivateTargets: [] });
    const open = openTargets({ allowPrivateTargets: ['localhost'] });
    const get = (targets: typeof open, host: string) =>
      targets.dispatcher.request({ origin: `http://${host}:${port}`, path: '/', method: 'GET' });
    await expect(get(guarded, 'localhost')).rejects.toThrow(/not a public address/);
    await expect(get(guarded, '127.0.0.1')).rejects.toThrow(/not a public address/);
    await expect(get(guarded, '[::ffff:127.0.0.1]')).rejects.toThrow(/not a public address/);
    await expect((await get(open, 'localhost')).body.text()).resolves.toBe('inside');
    // The list names the host, not the address behind it.
    await expect(get(open, '127.0.0.1')).rejects.toThrow(/not a public address/);
    await Promise.all([guarded.close(), open.close()]);
    server.close();
  });
});
