import { createServer } from 'node:http';

/**
 * Lets a suite have a server of its own to stop and start, so that it disturbs no other.
 *
 *     POST   /{collection}                     → what a suite is told of it, and its url
 *     POST   {url}/stop | /kill | /start       → 204 once it is so
 *     DELETE {url}                             → 204; also done for it when the run ends
 */
export const startServerControl = async (collection, start, describe) => {
  const started = new Map();
  let count = 0;

  const answer = async (method, [, first, id, action]) => {
    if (first !== collection) return [404];
    if (method === 'POST' && id === undefined) {
      const server = await start();
      count += 1;
      started.set(String(count), server);
      return [201, { ...describe(server), url: `${url}/${collection}/${count}` }];
    }
    const server = started.get(id);
    if (!server) return [404];
    if (method === 'POST' && ['stop', 'kill', 'start'].includes(action)) {
      await server[action]();
      return [204];
    }
    if (method === 'DELETE' && action === undefined) {
      started.delete(id);
      await server.close();
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
      await Promise.all([...started.values()].map((one) => one.close()));
    },
  };
};
