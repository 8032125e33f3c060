import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import {
  adminBody,
  adminChangeBody,
  adminReply,
  appRolesBody,
  appRolesReply,
  connectionBody,
  connectionReply,
  newAdminReply,
  resourceTypeBody,
  resourceTypeReply,
  schemaBody,
  schemaReply,
  settingsBody,
  tenantBody,
  tenantReply,
  tokenBody,
  tokenReply,
} from './index.ts';

const bodies = {
  adminBody,
  adminChangeBody,
  appRolesBody,
  connectionBody,
  resourceTypeBody,
  schemaBody,
  settingsBody,
  tenantBody,
  tokenBody,
};
const replies = {
  adminReply,
  newAdminReply,
  appRolesReply,
  connectionReply,
  resourceTypeReply,
  schemaReply,
  tenantReply,
  tokenReply,
};

describe('what is said of bodies in /openapi.json', () => {
  it.each(Object.entries(bodies))('can be told of %s, which takes no unknown field', (_, body) => {
    const schema = z.toJSONSchema(body, { io: 'input' });
    expect(schema.type === 'array' ? schema.items : schema).toMatchObject({ additionalProperties: false });
  });

  it.each(Object.entries(replies))('can be told of %s', (_, reply) => {
    expect(() => z.toJSONSchema(reply, { io: 'output' })).not.toThrow();
  });
});

describe('the body of a token', () => {
  it('may be absent (R3)', () => {
    expect(tokenBody.parse(undefined)).toEqual({});
  });
});
