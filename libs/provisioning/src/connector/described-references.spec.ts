import { describe, expect, it } from '@jest/globals';
import { fakeKind, fakeKinds } from '../testing/fake-kind.ts';
import { askForReferences } from './described-references.ts';
import { kindOf } from './kinds.ts';
import type { Connector, ConnectorTarget } from './port.ts';

const BUDDY = 'urn:acme:scim:schemas:2.0:User:buddy';
const described = { target: BUDDY, type: 'reference' as const, multiValued: true, mandatory: true };

const appThatSays = (...targets: ConnectorTarget[]) => {
  const asked: string[] = [];
  const describeApp = async () => {
    asked.push('describe');
    return { kind: 'ok', value: { targets: { account: targets, group: [] } } };
  };
  return { asked, connector: { describe: describeApp } as unknown as Pick<Connector, 'describe'> };
};
const buddy: ConnectorTarget = {
  ...(fakeKind.readTarget(BUDDY) as ConnectorTarget),
  type: 'reference',
  multiValued: true,
  mandatory: true,
  refersTo: 'account',
};

describe('R90: which targets refer to people', () => {
  it('is asked of the app where a target of its own is set', async () => {
    const { connector } = appThatSays(buddy, { ...buddy, name: 'title' });
    expect(await askForReferences(connector, fakeKind, ['userName', BUDDY])).toEqual([described]);
  });

  it("isn't asked where every target is known from its name", async () => {
    const { asked, connector } = appThatSays(buddy);
    expect(await askForReferences(connector, fakeKind, ['userName', 'title'])).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it("stays as it was known where the app doesn't answer", async () => {
    const connector = { describe: async () => ({ kind: 'unavailable' as const, reason: 'down' }) };
    expect(await askForReferences(connector, fakeKind, [BUDDY])).toBeUndefined();
  });

  it("is part of how the app's targets are read from then on", () => {
    const kind = kindOf(fakeKinds, { preset: 'scim', references: [described] });
    expect(kind.readTarget(BUDDY)).toMatchObject({
      name: BUDDY,
      type: 'reference',
      multiValued: true,
      mandatory: true,
      refersTo: 'account',
    });
    expect(kind.readTarget('userName')).toEqual(fakeKind.readTarget('userName'));
    expect(kindOf(fakeKinds, { preset: 'scim' })).toBe(fakeKind);
  });
});
