import { describe, expect, it } from '@jest/globals';
import { scimErrors } from './scim-errors.ts';
import { answerToUnreadable } from './unreadable.ts';

const scim = scimErrors('/scim/');
const unread = (code: string, rawPacket?: string) =>
  Object.assign(new Error('Parse Error'), {
    code,
    ...(rawPacket !== undefined && { rawPacket: Buffer.from(rawPacket) }),
  });

const read = (answer: string) => {
  const [head = '', text = ''] = answer.split('\r\n\r\n');
  const [, status] = /^HTTP\/1\.1 (\d{3}) \w[\w ]*\r\n/.exec(head) ?? [];
  expect(head).toContain(`\r\nContent-Length: ${Buffer.byteLength(text)}`);
  return { status: Number(status), type: /Content-Type: (\S+)/.exec(head)?.[1], body: JSON.parse(text) };
};

describe('bytes that are no request', () => {
  it.each([
    ['a method that nobody knows', 'HPE_INVALID_METHOD', 'BREW /scim/t/c/v2/Users HTTP/1.1\r\nhost: x\r\n\r\n', 501],
    ['a greeting of TLS', 'HPE_INVALID_METHOD', '\u0016\u0003\u0001', 400],
    ['too many headers', 'HPE_HEADER_OVERFLOW', 'GET /scim/t/c/v2/Users HTTP/1.1\r\nx: y', 431],
    ['too many headers, of which the last packet alone is known', 'HPE_HEADER_OVERFLOW', 'yyyy', 431],
    ['a request that never ends', 'ERR_HTTP_REQUEST_TIMEOUT', undefined, 408],
    ['a header without a name', 'HPE_INVALID_HEADER_TOKEN', 'GET /scim/t/c/v2/Users HTTP/1.1\r\n: y', 400],
  ])('are answered as SCIM errors are: %s', (_, code, packet, status) => {
    expect(read(answerToUnreadable(unread(code, packet), [scim]))).toEqual({
      status,
      type: 'application/scim+json',
      body: {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
        status: String(status),
        ...(status === 400 && { scimType: 'invalidSyntax' }),
        detail: expect.any(String),
      },
    });
  });

  it('are a problem elsewhere', () => {
    const problem = {
      status: 501,
      type: 'application/problem+json',
      body: {
        type: 'about:blank',
        title: 'Not implemented',
        status: 501,
        code: 'http/501',
        detail: expect.any(String),
      },
    };
    expect(
      read(answerToUnreadable(unread('HPE_INVALID_METHOD', 'BREW /directory/v1/tenants HTTP/1.1\r\n'), [scim])),
    ).toEqual(problem);
    expect(read(answerToUnreadable(unread('HPE_INVALID_METHOD', 'BREW /scim/t HTTP/1.1\r\n'), []))).toEqual(problem);
  });
});
