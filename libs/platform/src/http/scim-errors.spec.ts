import { BadRequestException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { Rejected } from '@tenure/eventing';
import { noTarget, problem } from '@tenure/scim';
import { retryAfterOf } from './problem.ts';
import { scimErrors } from './scim-errors.ts';

const { toBody } = scimErrors('/scim/');

describe('an error below a SCIM base URL', () => {
  it.each([
    ['a refusal of the protocol', noTarget(), 400, 'noTarget'],
    [
      'a refusal of the protocol that came back from the directory',
      new Rejected('invalid', 'scim/invalidPath', 'x'),
      400,
      'invalidPath',
    ],
    ['a value that somebody has', new Rejected('taken', 'user/name-taken', 'x'), 409, 'uniqueness'],
    ['a version that is none any more', new Rejected('stale', 'stream/stale', 'x'), 412, undefined],
    ['malformed JSON', new BadRequestException('x'), 400, 'invalidSyntax'],
    ['a command that nobody answered', new Rejected('unavailable', 'transport/no-reply', 'x'), 503, undefined],
    ['too large a body', Object.assign(new Error('x'), { statusCode: 413 }), 413, undefined],
    ['a bug, of which nothing is told', new TypeError('secret'), 500, undefined],
  ])('is of %s', (_, error, status, scimType) => {
    const answer = toBody(error, 'request-1');
    expect(answer).toMatchObject({
      status,
      body: {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
        status: String(status),
        ...(scimType && { scimType }),
      },
    });
    expect(JSON.stringify(answer.body)).not.toContain('secret');
    if (!scimType) expect(answer.body).not.toHaveProperty('scimType');
  });

  it('says how to sign in, and what else the error knows in headers', () => {
    expect(toBody(problem(401, 'x'), 'request-1').headers).toEqual({ 'www-authenticate': 'Bearer realm="scim"' });
    expect(toBody(Object.assign(problem(405, 'x'), { headers: { allow: 'GET' } }), 'request-1').headers).toEqual({
      allow: 'GET',
    });
  });

  it('tells in whole seconds when to come again, busy or overloaded (2.8 busy, O12)', () => {
    for (const status of [429, 503]) expect(Number.isInteger(retryAfterOf(status))).toBe(true);
    expect(retryAfterOf(500)).toBeUndefined();
  });
});
