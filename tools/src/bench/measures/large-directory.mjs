import pg from 'pg';
import { scim } from '../requests.mjs';
import { compare, median } from '../statistics.mjs';
import { targets } from '../targets.mjs';
import { inTurns, roundsOf } from '../turns.mjs';

const CALLERS = 16;
const PAGE = 100;
const ENDS = 20;

const ms = (value) => ({ value, unit: 'ms' });
const timed = async (work) => {
  const started = performance.now();
  const result = await work();
  return { result, ms: performance.now() - started };
};

/** The select that a filter by userName comes to, without anything around it: so many callers, for so long. */
const bareSelects = (pool, schema, tenant, names) => {
  let next = 0;
  const text = `select id, resource from ${schema}.users where tenant_id = $1 and user_name_key = $2`;
  return async (forMs) => {
    const times = [];
    const started = performance.now();
    const caller = async () => {
      while (performance.now() - started < forMs) {
        const name = names[(next += 1) % names.length];
        times.push(
          (await timed(() => pool.query({ name: 'bare', text, values: [tenant.id, `${name}@plum.example`] }))).ms,
        );
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
    return { times, seconds: (performance.now() - started) / 1000 };
  };
};

const viewOf = async (pool) =>
  (await pool.query(`select name from directory.views where state = 'serving' order by name desc limit 1`)).rows[0]
    .name;

const filters = async ({ system, tenant, people, size }, add) => {
  const pool = new pg.Pool({ connectionString: system.databaseUrl(), max: CALLERS });
  try {
    const bare = bareSelects(
      pool,
      await viewOf(pool),
      tenant,
      people.known.map(({ name }) => name),
    );
    const { system: measured, limit, ratio } = compare(roundsOf(await inTurns([people.finding(CALLERS), bare], size)));
    const figure = ({ perSecond, p50, p95 }) => ({ value: perSecond, unit: '/s', p50, p95 });
    const name = `filter by userName among ${people.known.length} people, ${CALLERS} callers, beside the select alone`;
    add({
      name,
      measured: figure(measured),
      limit: figure(limit),
      ratio: ratio.perSecond,
      target: targets.indexedFilter(measured.p95),
    });
  } finally {
    await pool.end();
  }
};

/** Walks the directory by cursor to its end: the last pages beside the first ones. */
const pages = async ({ tenant }, add) => {
  const times = [];
  let count = 0;
  for (let cursor = ''; cursor !== undefined;) {
    const { result, ms: took } = await timed(() =>
      tenant.scim.get(`/Users?count=${PAGE}&cursor=${encodeURIComponent(cursor)}`),
    );
    times.push(took);
    count += result.Resources?.length ?? 0;
    cursor = result.nextCursor;
  }
  // The first page also counts them all.
  const first = median(times.slice(1, ENDS + 1));
  const last = median(times.slice(-ENDS - 1, -1));
  add({
    name: `the last pages of ${count} people by cursor, beside the first, ${PAGE} a page`,
    measured: ms(last),
    limit: ms(first),
    ratio: last / first,
    target: targets.deepPage(last / first),
  });
  add({ name: `the first page, with the total of ${count}`, measured: ms(times[0]) });
};

const ROUNDS = 7;

const largestGroup = async ({ tenant, people, size }, add) => {
  const members = Math.min(size.groups.at(-1), people.known.length - 1);
  const ids = people.known.map(({ id }) => id);
  const { id } = await tenant.scim.post(
    '/Groups?excludedAttributes=members',
    scim.group(`Everybody, ${members}`, ids.slice(0, members)),
  );
  const several = async (work) => {
    const times = [];
    for (let round = 0; round < ROUNDS; round += 1) times.push((await timed(work)).ms);
    return ms(median(times));
  };
  add({
    name: `GET a group of ${members} with its members`,
    measured: await several(() => tenant.scim.get(`/Groups/${id}`)),
  });
  add({
    name: `GET the same without members`,
    measured: await several(() => tenant.scim.get(`/Groups/${id}?excludedAttributes=members`)),
  });
  const some = ids.slice(0, 1000).map((value) => ({ value }));
  const patch = (op) =>
    tenant.scim.patch(`/Groups/${id}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op, path: 'members', value: some }],
    });
  add({
    name: `PATCH away ${some.length} of its members, and PATCH them back`,
    measured: await several(async () => {
      await patch('remove');
      await patch('add');
    }),
  });
};

/** A directory of as many people as the largest group has: filters, pages, the group itself (issue 4). */
export const largeDirectory = async (context, add) => {
  await context.populateAtLeast(context.size.groups.at(-1) + 20);
  await filters(context, add);
  await pages(context, add);
  await largestGroup(context, add);
};
