import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { dropViews } from '../system/embedded.mjs';
import { targets } from '../targets.mjs';

/** The views of the system, where their state is, and what they are built from. */
const everyView = async (client) => {
  const { rows } = await client.query(
    `select table_schema as schema from information_schema.tables where table_name = 'views' and table_type = 'BASE TABLE'`,
  );
  const lists = await Promise.all(
    rows.map(async ({ schema }) =>
      (await client.query(`select name from "${schema}".views`)).rows.map(({ name }) => ({ schema, name })),
    ),
  );
  return lists.flat();
};

const connected = async (url, work) => {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
};

/** When a view first appeared and when its checkpoint last moved, as its database tells the time. */
const buildTime = async (client, { schema, name }, patienceMs) => {
  let first;
  let last;
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await sleep(50)) {
    const { rows } = await client
      .query(
        `select v.state, extract(epoch from c.updated_at) * 1000 as moved, extract(epoch from clock_timestamp()) * 1000 as now
      from "${schema}".views v left join "${schema}".checkpoints c on c.follower = v.name where v.name = $1`,
        [name],
      )
      .catch(() => ({ rows: [] }));
    const [row] = rows;
    if (!row) continue;
    first ??= Number(row.now);
    if (row.moved) last = Number(row.moved);
    if (row.state !== 'building') return (last - first) / 1000;
  }
  throw new Error(`The view ${name} was not built within ${patienceMs / 1000} s.`);
};

/** How many events a view took: the sum of its heads. */
const eventsIn = async (client, { name }) =>
  Number((await client.query(`select sum(revision) as sum from "${name}".heads`)).rows[0].sum ?? 0);

/** All views dropped and built again from the streams, in events per second. */
export const rebuild = async ({ system }, add) => {
  const views = await connected(system.databaseUrl(), everyView);
  let watching = [];
  await system.whileStopped(async (url) => {
    await dropViews(system.root, url, views);
    watching = views.map((view) =>
      connected(url, async (client) => ({
        ...view,
        seconds: await buildTime(client, view, 600_000),
        events: await eventsIn(client, view),
      })),
    );
  });
  for (const { name, seconds, events } of await Promise.all(watching)) {
    if (events === 0) continue;
    const perSecond = events / seconds;
    add({
      name: `rebuild of ${name}, ${events} events`,
      measured: { value: perSecond, unit: '/s' },
      target: targets.rebuild(perSecond),
    });
  }
};
