import pg from 'pg';
import { startPart } from '../child.mjs';
import { targetOf } from '../load/load.mjs';

const DATABASE = 'bench_limit';

const inServer = async (url, ...statements) => {
  const client = new pg.Client(url);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
};

const inDatabase = (url, database) => Object.assign(new URL(url), { pathname: `/${database}` }).href;

/** Bare Fastify on a database of its own in the PostgreSQL that the system uses: the same settings, the same disk. */
export const startHttpLimit = async (databaseUrl) => {
  await inServer(databaseUrl, `drop database if exists ${DATABASE} with (force)`, `create database ${DATABASE}`);
  const part = await startPart(new URL('http-server.mjs', import.meta.url), {
    BENCH_LIMIT_DATABASE_URL: inDatabase(databaseUrl, DATABASE),
  });
  return { target: targetOf(part.ready, { 'content-type': 'application/json' }), pid: part.pid, stop: part.stop };
};
