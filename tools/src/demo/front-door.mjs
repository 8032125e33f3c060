import { createServer, request } from 'node:http';

/** What an ingress does (api.md): routes by the first path segment to the owning service; where none answers, 503 with `Retry-After`. */
export const openFrontDoor = async (port, ports) => {
  const server = createServer((incoming, outgoing) => {
    const { url, method, headers } = incoming;
    const owner = ports[url.split(/[/?]/)[1]];
    if (owner === undefined) return outgoing.writeHead(404).end();
    const onward = request({ host: '127.0.0.1', port: owner, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    onward.once('error', () =>
      outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(503, { 'retry-after': '1' }).end(),
    );
    incoming.pipe(onward);
  });
  await new Promise((listening, failed) => server.once('error', failed).listen(port, '127.0.0.1', listening));
  return {
    close: () =>
      new Promise((closed) => {
        server.close(closed);
        server.closeAllConnections();
      }),
  };
};
