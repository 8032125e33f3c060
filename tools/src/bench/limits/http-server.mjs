import { randomUUID } from 'node:crypto';
import fastify from 'fastify';
import pg from 'pg';
import { beAPart } from '../child.mjs';

// The limit of a SCIM write: bare Fastify and one durable insert. Of a read: bare Fastify and one indexed select.
const pool = new pg.Pool({ connectionString: process.env.BENCH_LIMIT_DATABASE_URL, max: 10 });
// The server is stopped while views are rebuilt; the next query opens a new connection.
pool.on('error', () => {});
const app = fastify({ logger: false });

const insert = (values) =>
  pool.query({ name: 'insert', text: 'insert into resources (id, name, resource) values ($1, $2, $3)', values });
const byId = (id) => pool.query({ name: 'by-id', text: 'select resource from resources where id = $1', values: [id] });
const byName = (name) =>
  pool.query({ name: 'by-name', text: 'select resource from resources where name = $1', values: [name] });

app.post('/resources', async (request, reply) => {
  const id = randomUUID();
  await insert([id, request.body.userName ?? id, request.body]);
  return reply
    .code(201)
    .header('location', `/resources/${id}`)
    .send({ ...request.body, id });
});
app.get('/resources/:id', async (request) => (await byId(request.params.id)).rows[0].resource);
app.get('/resources', async (request) => (await byName(request.query.name)).rows.map(({ resource }) => resource));

await beAPart({
  open: async () => {
    await pool.query('create table resources (id uuid primary key, name text not null, resource jsonb not null)');
    await pool.query('create index on resources (name)');
    return app.listen({ host: '127.0.0.1', port: 0 });
  },
  answer: async () => undefined,
  close: async () => {
    await app.close();
    await pool.end();
  },
});
