import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { lineages, recordSpans, type RecordedSpans } from '@tenure/eventing/testing';
import { testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant, person, type IdentityProvider } from './testing/world.ts';

let recorded: RecordedSpans;
let system: TestSystem;
let idp: IdentityProvider;
beforeAll(async () => {
  recorded = recordSpans();
  system = await testSystem();
  idp = await (await makeTenant(system)).connect();
});
afterAll(async () => {
  await system.close();
  await recorded.stop();
});

describe('the trace of a SCIM request', () => {
  it('leads over its command to everybody who follows, and holds nothing of the person', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    await system.settled();
    recorded.reset();
    const { status } = await idp.scim.post('/Users', person('ada-traced'), {
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    });
    expect(status).toBe(201);
    await idp.scim.get(`/Users?filter=${encodeURIComponent('userName eq "ada-traced@plum.example"')}`);
    await system.settled();

    const request = 'SERVER POST /scim/:tenantId/:connectionId/v2/Users';
    const road = lineages(recorded.ended(traceId));
    expect(road).toEqual(
      expect.arrayContaining([
        request,
        `CLIENT user.create < ${request}`,
        'SERVER user.create < CLIENT user.create',
        'CONSUMER apply people < SERVER user.create',
        'CONSUMER apply ledger < SERVER user.create',
      ]),
    );
    expect(road.some((each) => /^CONSUMER follow \S.* < SERVER user.create$/.test(each))).toBe(true);
    const told = recorded
      .ended()
      .map(({ name, attributes, status: ended, events }) => [name, attributes, ended, events]);
    expect(JSON.stringify(told)).not.toMatch(/ada-traced|plum\.example/i);
  });
});
