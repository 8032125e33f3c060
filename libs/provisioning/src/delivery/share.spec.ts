import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { share, type Room, type WaitingApp } from './share.ts';

const waiting = (tenantId: string, appId: string, parts: Partial<WaitingApp> = {}): WaitingApp => ({
  tenantId,
  appId,
  preset: 'scim',
  fresh: true,
  retries: false,
  pausedUntil: null,
  isOpen: false,
  ...parts,
});
const wide: Room = { fresh: 16, retries: 8, running: 0 };
const slotsOf = (asks: ReturnType<typeof share>, id: string) =>
  asks.filter(({ tenantId, appId }) => `${tenantId}/${appId}` === id).reduce((sum, { slots }) => sum + slots, 0);

describe('R96: free slots', () => {
  it('go to an app by itself as far as it bears them', () => {
    expect(share([waiting('a', 'git')], { all: 32, free: 32 }, () => wide)).toEqual([
      { tenantId: 'a', appId: 'git', tried: false, slots: 16 },
    ]);
  });

  it('go to tenants in turn, then to their apps: a tenant with many apps gets no more than another', () => {
    const many = Array.from({ length: 30 }, (_, n) => waiting('hostile', `app-${n}`));
    const asks = share([...many, waiting('acme', 'git')], { all: 32, free: 8 }, () => wide);
    expect(slotsOf(asks, 'acme/git')).toBe(4);
    expect(asks).toHaveLength(5);
  });

  it('go to no app beyond a quarter of all while others wait, what runs already counted', () => {
    const apps = [waiting('a', 'git'), waiting('b', 'chat')];
    const asks = share(apps, { all: 32, free: 32 }, ({ appId }) => (appId === 'git' ? { ...wide, running: 6 } : wide));
    expect([slotsOf(asks, 'a/git'), slotsOf(asks, 'b/chat')]).toEqual([2, 8]);
  });

  it('go to people who weren’t tried yet first, and in part to those who are tried again', () => {
    const app = waiting('a', 'git', { retries: true });
    const room: Room = { fresh: 4, retries: 2, running: 0 };
    expect(share([app], { all: 32, free: 32 }, () => room)).toEqual([
      { tenantId: 'a', appId: 'git', tried: false, slots: 2 },
      { tenantId: 'a', appId: 'git', tried: true, slots: 2 },
    ]);
    const one: Room = { fresh: 1, retries: 1, running: 0 };
    expect(
      share(
        [app],
        { all: 32, free: 32 },
        () => one,
        () => 0.9,
      ),
    ).toMatchObject([{ tried: false, slots: 1 }]);
    expect(
      share(
        [app],
        { all: 32, free: 32 },
        () => one,
        () => 0.1,
      ),
    ).toMatchObject([{ tried: true, slots: 1 }]);
  });

  it('are never given twice, nor kept back while somebody could use them', () => {
    const app = fc.record({ tenant: fc.nat(3), app: fc.nat(5), fresh: fc.nat(5) });
    fc.assert(
      fc.property(fc.uniqueArray(app, { selector: (one) => `${one.tenant}/${one.app}` }), fc.nat(20), (apps, free) => {
        const rooms = new Map(apps.map((one) => [`${one.tenant}/${one.app}`, one.fresh]));
        const asked = share(
          apps.map((one) => waiting(String(one.tenant), String(one.app))),
          { all: 32, free },
          ({ tenantId, appId }) => ({ fresh: rooms.get(`${tenantId}/${appId}`)!, retries: 0, running: 0 }),
        ).reduce((sum, { slots }) => sum + slots, 0);
        expect(asked).toBe(
          Math.min(
            free,
            [...rooms.values()].reduce((sum, room) => sum + room, 0),
          ),
        );
      }),
    );
  });
});
