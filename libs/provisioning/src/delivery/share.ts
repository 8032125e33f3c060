import type { Instant } from '@tenure/eventing';
import type { PresetName } from '../presets/index.ts';
import type { AppRef } from './lane.rows.ts';

/** An app with deliveries that are due: of people who weren't tried yet, and of others that are tried again. */
export type WaitingApp = AppRef & {
  preset: PresetName;
  fresh: boolean;
  retries: boolean;
  pausedUntil: Instant | null;
  isOpen: boolean;
};

export type Ask = AppRef & { tried: boolean; slots: number };

/** How many more deliveries of an app may begin, and how many of it run. */
export type Room = { fresh: number; retries: number; running: number };

/** While others wait, no app holds more than this part of the slots. */
const MOST_OF_AN_APP = 1 / 4;
/** How often a retry goes before somebody new where there is room for one only. */
const RETRY_FIRST = 1 / 4;

/**
 * Shares the free slots: one at a time, over the tenants in turn, then over their apps. `apps` come with those first that were served
 * longest ago. Pure.
 */
export const share = <App extends WaitingApp>(
  apps: readonly App[],
  slots: { all: number; free: number },
  roomOf: (app: App) => Room,
  random: () => number = Math.random,
): Ask[] => {
  const rooms = new Map(apps.map((app) => [app, boundedRoom(app, roomOf(app))]));
  const most = apps.length > 1 ? Math.max(1, Math.floor(slots.all * MOST_OF_AN_APP)) : slots.all;
  const asked = new Map<App, number>();
  const byTenant = new Map<string, App[]>();
  for (const app of apps) byTenant.set(app.tenantId, [...(byTenant.get(app.tenantId) ?? []), app]);
  const tenants = [...byTenant.values()];
  for (let left = slots.free; left > 0;) {
    const before = left;
    for (const own of tenants) {
      const next = own.find(
        (app) => (asked.get(app) ?? 0) < Math.min(total(rooms.get(app)!), most - rooms.get(app)!.running),
      );
      if (!next || left === 0) continue;
      asked.set(next, (asked.get(next) ?? 0) + 1);
      own.push(...own.splice(own.indexOf(next), 1));
      left -= 1;
    }
    if (left === before) break;
  }
  return [...asked].flatMap(([app, count]) => split(app, rooms.get(app)!, count, random));
};

const boundedRoom = (app: WaitingApp, room: Room): Room => ({
  fresh: app.fresh ? room.fresh : 0,
  retries: app.retries ? room.retries : 0,
  running: room.running,
});

const total = ({ fresh, retries }: Room) => Math.max(fresh, retries);

/** People who weren't tried yet go first; of several slots, half are for those that are tried again. */
const split = ({ tenantId, appId }: WaitingApp, room: Room, count: number, random: () => number): Ask[] => {
  const wished =
    room.fresh === 0
      ? count
      : room.retries === 0
        ? 0
        : count === 1
          ? Number(random() < RETRY_FIRST)
          : Math.floor(count / 2);
  const retries = Math.min(room.retries, wished);
  const fresh = Math.min(room.fresh, count - retries);
  return [
    { tenantId, appId, tried: false, slots: fresh },
    { tenantId, appId, tried: true, slots: retries },
  ].filter(({ slots }) => slots > 0);
};
