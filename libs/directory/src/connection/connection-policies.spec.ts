import { describe, expect, it } from '@jest/globals';
import { profiles } from '@tenure/scim';
import { connectionPolicies } from './connection-policies.ts';
import type { ScimConnection } from './connection.queries.ts';

const entra: ScimConnection = {
  tenantId: 't',
  connectionId: 'entra',
  name: 'Entra',
  enabled: true,
  settings: profiles.entra,
  features: { provisioning: true, entitlements: true },
  primaryDomain: 'plum.example',
  defaults: {},
  schemasVersion: 0,
};

const counting = () => {
  let [asked, enabled] = [0, true];
  const policies = connectionPolicies({
    connectionForScim: async (_, id) => {
      asked += 1;
      return id === 'entra' ? { ...entra, enabled } : undefined;
    },
    tokenIssuedBy: async () => undefined,
  });
  return { policies, asked: () => asked, disable: () => void (enabled = false) };
};

describe('the policy of a connection', () => {
  it('is asked for once by many writes at once', async () => {
    const { policies, asked } = counting();
    const all = await Promise.all(Array.from({ length: 100 }, () => policies.policyOf('t', 'entra')));
    expect(all[99]).toEqual({
      connectionId: 'entra',
      enabled: true,
      settings: profiles.entra,
      defaults: {},
      schemasVersion: 0,
    });
    expect(asked()).toBe(1);
  });

  it('is asked for anew once it changed here, and soon in any case', async () => {
    const { policies, asked, disable } = counting();
    await policies.policyOf('t', 'entra');
    disable();
    policies.forget('t', 'entra');
    expect(await policies.policyOf('t', 'entra')).toMatchObject({ enabled: false });
    await new Promise((resolve) => setTimeout(resolve, 260));
    await policies.policyOf('t', 'entra');
    expect(asked()).toBe(3);
  });

  it('of a connection that is not there is 404 each time', async () => {
    const { policies, asked } = counting();
    for (let n = 0; n < 2; n++)
      await expect(policies.policyOf('t', 'okta')).rejects.toMatchObject({ code: 'connection/unknown' });
    expect(asked()).toBe(2);
  });
});
