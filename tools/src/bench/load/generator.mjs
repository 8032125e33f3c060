import { Agent, request as httpRequest } from 'node:http';
import { beAPart } from '../child.mjs';

const filledIn = (template, values) => template.replace(/<(\w+)>/g, (_all, name) => values[name]);

/** One request on a kept-alive connection: how long it took, what it answered, and the id at the end of its `Location`. */
const send = (agent, target, method, path, body) =>
  new Promise((resolve, reject) => {
    const started = performance.now();
    const headers =
      body === undefined ? target.headers : { ...target.headers, 'content-length': Buffer.byteLength(body) };
    const request = httpRequest(
      { agent, host: target.host, port: target.port, method, path: target.path + path, headers },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => {
          const { statusCode: status, headers: answered } = response;
          const text = status >= 400 ? Buffer.concat(chunks).toString().slice(0, 500) : undefined;
          resolve({ ms: performance.now() - started, status, id: answered.location?.split('/').at(-1), text });
        });
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });

const agents = new Map();
const agentFor = ({ host, port }, concurrency) => {
  const key = `${host}:${port} ${concurrency}`;
  if (!agents.has(key)) agents.set(key, new Agent({ keepAlive: true, maxSockets: concurrency }));
  return agents.get(key);
};

/**
 * A closed loop: so many callers, each sending its next request when the last was answered, until the values are used up or the time is over.
 * `values` fill the places `<name>` of path and body, one set per request; `cyclic` ones begin again.
 */
const run = async ({ target, method, path, body, values, cyclic = false, concurrency, forMs }) => {
  const agent = agentFor(target, concurrency);
  const times = [];
  const ids = [];
  const refused = new Map();
  let taken = 0;
  const started = performance.now();
  const caller = async () => {
    while (performance.now() - started < forMs) {
      const index = taken;
      if (!cyclic && index >= values.length) return;
      taken += 1;
      const filling = values[index % values.length];
      const answer = await send(agent, target, method, filledIn(path, filling), body && filledIn(body, filling));
      if (answer.status >= 400)
        refused.set(answer.status, { count: (refused.get(answer.status)?.count ?? 0) + 1, text: answer.text });
      else times.push(answer.ms);
      ids[index] = answer.id;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return {
    times,
    seconds: (performance.now() - started) / 1000,
    taken,
    ids,
    refused: [...refused].map(([status, { count, text }]) => ({ status, count, text })),
  };
};

await beAPart({ open: async () => 'ready', answer: run });
