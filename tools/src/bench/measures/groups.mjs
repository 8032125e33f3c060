import { scim } from '../requests.mjs';
import { figuresOf } from '../statistics.mjs';
import { targets } from '../targets.mjs';
import { inTurns } from '../turns.mjs';

const count = new Intl.NumberFormat('en-US');

/** Adds one who is not a member, then removes him, again and again. */
const oneInOneOut = (load, tenant, id, candidates) => {
  let index = 0;
  return async (forMs) => {
    const until = performance.now() + forMs;
    const slices = [];
    do {
      const member = candidates[(index += 1) % candidates.length];
      for (const request of [scim.addMember, scim.removeMember])
        slices.push(
          await load.run({
            target: tenant.target,
            ...request,
            values: [{ id, member }],
            concurrency: 1,
            forMs: 60_000,
          }),
        );
    } while (performance.now() < until);
    return {
      times: slices.flatMap(({ times }) => times),
      seconds: slices.reduce((sum, { seconds }) => sum + seconds, 0),
    };
  };
};

/** PATCH of one member in groups of very different sizes, in turns; each beside the smallest. */
export const groupPatches = async ({ load, tenant, people, size, populateAtLeast }, add) => {
  const outside = 20;
  await populateAtLeast(Math.max(...size.groups) + outside);
  const ids = people.known.map(({ id }) => id);
  const sizes = size.groups.filter((members) => members + outside <= ids.length);
  for (const members of size.groups.filter((some) => !sizes.includes(some)))
    add({
      name: `PATCH one member, group of ${count.format(members)}: not measured, ${count.format(ids.length)} people were made in time`,
    });
  const candidates = ids.slice(-outside);
  const groups = [];
  for (const members of sizes) {
    const started = performance.now();
    const { id } = await tenant.scim.post(
      '/Groups?excludedAttributes=members',
      scim.group(`Group of ${members}`, ids.slice(0, members)),
    );
    groups.push(id);
    if (members >= 10_000)
      add({
        name: `create a group with ${count.format(members)} members`,
        measured: { value: performance.now() - started, unit: 'ms' },
      });
  }
  const slices = await inTurns(
    groups.map((id) => oneInOneOut(load, tenant, id, candidates)),
    size,
  );
  const figures = slices.map(figuresOf);
  for (const [index, { p50, p95 }] of figures.entries()) {
    const members = sizes[index];
    const ratio = p50 / figures[0].p50;
    const judged =
      index === 0
        ? {}
        : {
            limit: { value: figures[0].p50, unit: 'ms' },
            ratio,
            ...(members >= 100_000 && { target: targets.largeGroup(ratio) }),
          };
    add({
      name: `PATCH one member, group of ${count.format(members)}`,
      measured: { value: p50, unit: 'ms', p50, p95 },
      ...judged,
    });
  }
};
