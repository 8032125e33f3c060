import { createServer } from 'node:http';
import { startKafka } from '../kafka/kafka.mjs';

/**
 * `TENURE_KAFKA_CONTROL`: lets a suite have a broker of its own to stop and start, so that it disturbs no other.
 *
 *     POST   /brokers                          → {brokers, url}
 *     POST   {url}/stop | /kill | /start       → 204 once it is so
 *     DELETE {url}                             → 204; also done for it when the run ends
 */
export const startKafkaControl = async () => {
  const started = new Map();
  let count = 0;

  const answer = async (method, [, collection, id, action]) => {
    if (collection !== 'brokers') return [404];
    if (method === 'POST' && id === undefined) {
      const kafka = await startKafka();
      count += 1;
      started.set(String(count), kafka);
      return [201, { brokers: kafka.brokers, url: `${url}/brokers/${count}` }];
    }
    const kafka = started.get(id);
    if (!kafka) return [404];
    if (method === 'POST' && ['stop', 'kill', 'start'].includes(action)) {
      await kafka[action]();
      return [204];
    }
    if (method === 'DELETE' && action === undefined) {
      started.delete(id);
      await kafka.close();
      return [204];
    }
    return [404];
  };

  const respond = async (request, response) => {
    const [status, body] = await answer(request.method, request.url.split('/')).catch((error) => [
      500,
      { error: error.message },
    ]);
    response.writeHead(status, { 'content-type': 'application/json' }).end(body && JSON.stringify(body));
  };
  const server = createServer((request, response) => void respond(request, response));
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${server.address().port}`;

  return {
    url,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await Promise.all([...started.values()].map((kafka) => kafka.close()));
    },
  };
};
