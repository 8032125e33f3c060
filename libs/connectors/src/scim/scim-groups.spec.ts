import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openTargets } from '../targets/targets.ts';
import { fakeApp } from '../testing/fake-app.ts';
import { scimConnector, type ScimConnectorOptions } from './scim-connector.ts';

let app: Awaited<ReturnType<typeof fakeApp>>;
const targets = openTargets({ allowPrivateTargets: ['127.0.0.1'] });
beforeAll(async () => void (app = await fakeApp()));
beforeEach(() => app.reset());
afterAll(async () => {
  await app.close();
  await targets.close();
});

const connect = (more: Partial<ScimConnectorOptions> = {}) =>
  scimConnector({
    url: `${app.origin}/scim/v2`,
    credential: { kind: 'bearer', token: 'secret' },
    targets,
    ...more,
  });
const group = { id: 'g-1', displayName: 'Bakers', externalId: 'push-1' };

describe('R89: a group that is pushed', () => {
  it('is made with our mark, also where the accounts of the app have none, and found by it', async () => {
    app.willAnswer({ status: 201, body: group }, { status: 200, body: { totalResults: 1, Resources: [group] } });
    const unmarked = connect({ mark: null });
    expect(await unmarked.create('group', { mark: 'push-1', values: { displayName: 'Bakers' } })).toMatchObject({
      kind: 'ok',
      value: { kind: 'group', id: 'g-1', mark: 'push-1', values: { displayName: 'Bakers' } },
    });
    expect(app.asked[0]!.body).toEqual({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: 'Bakers',
      externalId: 'push-1',
    });
    expect(await unmarked.find('group', { target: 'externalId', value: 'push-1' })).toMatchObject({
      value: [{ id: 'g-1', mark: 'push-1' }],
    });
  });

  it('is renamed and deleted by its id', async () => {
    app.willAnswer({ status: 204 }, { status: 204 }, { status: 404 });
    const connector = connect({ settings: { mode: 'patch' } });
    await connector.update('group', 'g-1', [{ target: 'displayName', from: 'Bakers', to: 'Patissiers' }]);
    expect(app.asked[0]).toMatchObject({
      method: 'PATCH',
      url: '/scim/v2/Groups/g-1',
      body: { Operations: [{ op: 'replace', path: 'displayName', value: 'Patissiers' }] },
    });
    expect(await connector.delete('group', 'g-1')).toMatchObject({ kind: 'ok' });
    expect(await connector.delete('group', 'g-1')).toMatchObject({ kind: 'ok' });
  });

  it('says so where a call has too many members', async () => {
    app.willAnswer({ status: 413 });
    const connector = connect({ settings: { mode: 'patch' } });
    expect(await connector.changeMembers('g-1', ['a', 'b'], [])).toMatchObject({
      kind: 'refused',
      code: 'app/too-large',
    });
  });

  describe('in an app that can only replace it', () => {
    const put = () => connect({ settings: { mode: 'put' } });
    const shown = (members: readonly string[]) => ({
      status: 200,
      body: { ...group, members: members.map((value) => ({ value })), meta: { version: 'W/"7"' } },
    });

    it('keeps the members that it had, states an empty list, and holds to the version that was read', async () => {
      app.willAnswer(shown(['a', 'b']), shown(['a', 'b']), { status: 200, body: group });
      expect(await put().changeMembers('g-1', ['c'], ['a'])).toMatchObject({ kind: 'ok' });
      expect(app.asked[2]).toMatchObject({
        method: 'PUT',
        headers: { 'if-match': 'W/"7"' },
        body: { displayName: 'Bakers', members: [{ value: 'b' }, { value: 'c' }] },
      });
      app.reset();
      app.willAnswer(shown(['a']), shown(['a']), { status: 200, body: group });
      await put().changeMembers('g-1', [], ['a']);
      expect(app.asked[2]!.body.members).toEqual([]);
    });

    it('reads again what changed meanwhile', async () => {
      app.willAnswer(shown([]), shown([]), { status: 412 }, shown(['z']), { status: 200, body: group });
      expect(await put().changeMembers('g-1', ['c'], [])).toMatchObject({ kind: 'ok' });
      expect(app.asked.at(-1)!.body.members).toEqual([{ value: 'z' }, { value: 'c' }]);
    });

    it('is refused above 10,000 members', async () => {
      app.willAnswer(shown(Array.from({ length: 10_000 }, (_, n) => `m${n}`)));
      expect(await put().changeMembers('g-1', ['c'], [])).toMatchObject({ kind: 'refused', code: 'push/too-large' });
    });
  });
});
