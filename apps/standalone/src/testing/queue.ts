import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from './client.ts';

export const until = async (condition: () => Promise<boolean>) => {
  for (const end = Date.now() + 60_000; !(await condition()); await sleep(50))
    if (Date.now() > end) throw new Error('It never came true.');
};
export const queueOf = async ({ mapping }: { mapping: Client }, query = ''): Promise<any> =>
  mapping.ok('GET', `/queue?limit=1000&${query}`);
export const itemsOf = async (office: { mapping: Client }, query = ''): Promise<any[]> =>
  (await queueOf(office, query)).items;
export const seen = ({ id, version }: any) => ({ id, version });
export const act = async (
  { mapping }: { mapping: Client },
  action: string,
  items: any[],
  more: object = {},
): Promise<any[]> => (await mapping.ok('POST', '/queue/act', { items: items.map(seen), action, ...more })).items;
export const ended = async ({ mapping }: { mapping: Client }, id: string): Promise<any> => {
  await until(async () => (await mapping.ok('GET', `/jobs/${id}`)).state !== 'running');
  return mapping.ok('GET', `/jobs/${id}`);
};
export const totalOf = ({ counts }: { counts: Record<string, number> }) =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);
