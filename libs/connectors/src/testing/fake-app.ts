import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Asked = { method: string; url: string; headers: IncomingMessage['headers']; body: any };
export type Reply =
  { status: number; body?: unknown; headers?: Record<string, string> } | ((response: ServerResponse) => void);

/** An HTTP server that answers what a test tells it to, and remembers what it was asked. */
export const fakeApp = async () => {
  const asked: Asked[] = [];
  const replies: Reply[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      asked.push({
        method: request.method!,
        url: request.url!,
        headers: request.headers,
        body: text.startsWith('{') ? JSON.parse(text) : text,
      });
      const reply = replies.shift() ?? { status: 404 };
      if (typeof reply === 'function') return reply(response);
      response.writeHead(reply.status, { 'content-type': 'application/scim+json', ...reply.headers });
      return void response.end(
        reply.body === undefined ? '' : typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body),
      );
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    asked,
    willAnswer: (...next: Reply[]) => void replies.push(...next),
    reset: () => [asked, replies].forEach((list) => list.splice(0)),
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
};
