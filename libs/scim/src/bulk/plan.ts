import type { BulkOperation } from './request.ts';

/**
 * A step of carrying out a bulk request; `index` is that of the operation.
 * `run`: all it refers to exists by then. `runWithout`: it stands in a circle and goes first without these references;
 * `complete` sets them as soon as all of them exist. `refuse`: it refers to what nothing in the request creates (409).
 */
export type BulkStep =
  | { do: 'run' | 'complete'; index: number }
  | { do: 'runWithout'; index: number; bulkIds: string[] }
  | { do: 'refuse'; index: number; bulkIds: string[] };

/**
 * RFC 7644 §3.7.1: an order in which every reference is known when it is used. Operations keep their order unless a reference says
 * otherwise; where they refer to each other in a circle, the first one starts without. A reference to what then failed to be created is
 * for whoever carries out the plan to refuse.
 */
export const planBulk = (operations: readonly BulkOperation[]): BulkStep[] => {
  const creators = new Map(
    operations.flatMap(({ method, bulkId }, index) => (method === 'POST' && bulkId ? [[bulkId, index] as const] : [])),
  );
  const steps: BulkStep[] = [];
  /** Operations that went first without some references, with those of which the creator is still to come. */
  const incomplete = new Map<number, Set<string>>();
  const complete = (created: string | undefined) => {
    for (const [index, open] of incomplete) {
      if (created !== undefined) open.delete(created);
      if (open.size > 0) continue;
      incomplete.delete(index);
      steps.push({ do: 'complete', index });
    }
  };
  const state = new Map<number, 'visiting' | 'done'>();

  // Iterative: a chain of references may be as long as the request.
  for (const first of operations.keys()) {
    const stack = [first];
    while (stack.length > 0) {
      const index = stack.at(-1)!;
      if (state.get(index) === 'done') {
        stack.pop();
        continue;
      }
      const { references } = operations[index]!;
      const unknown = references.filter((bulkId) => !creators.has(bulkId));
      const awaited = unknown.length > 0 ? [] : references.filter((bulkId) => !state.has(creators.get(bulkId)!));
      const isFirstVisit = !state.has(index);
      state.set(index, 'visiting');
      if (isFirstVisit && awaited.length > 0) {
        stack.push(...awaited.map((bulkId) => creators.get(bulkId)!).reverse());
        continue;
      }
      stack.pop();
      const open = references.filter((bulkId) => creators.has(bulkId) && state.get(creators.get(bulkId)!) !== 'done');
      state.set(index, 'done');
      if (unknown.length > 0) steps.push({ do: 'refuse', index, bulkIds: unknown });
      else if (open.length === 0) steps.push({ do: 'run', index });
      else {
        steps.push({ do: 'runWithout', index, bulkIds: open });
        incomplete.set(index, new Set(open));
      }
      complete(operations[index]!.bulkId);
    }
  }
  return steps;
};
