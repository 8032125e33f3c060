import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { frames } from '../ldap/ldap-frames.ts';

export type Operation = 'bind' | 'search' | 'modify' | 'add' | 'delete' | 'modifyDN' | 'other';

const operations: Readonly<Record<number, Operation>> = {
  0x60: 'bind',
  0x63: 'search',
  0x66: 'modify',
  0x68: 'add',
  0x4a: 'delete',
  0x6c: 'modifyDN',
};

/** Behind the message's header and its id stands the tag of what is asked (RFC 4511 §4.1.1). */
const operationOf = (message: Buffer): Operation => {
  const header = message[1]! < 0x80 ? 2 : 2 + (message[1]! & 0x7f);
  return operations[message[header + 2 + message[header + 1]!]!] ?? 'other';
};

/**
 * Stands between a client and a directory that speaks without encryption, and does what a network may do: it cuts a connection before
 * or after the server got a request, or swallows the request.
 */
export const ldapProxy = async (serverUrl: string) => {
  const { hostname, port } = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let fault: { on: Operation; do: 'cutBefore' | 'cutAfter' | 'swallow' } | undefined;
  let count = 0;

  const server = createServer((client) => {
    count += 1;
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    }
    let isDeaf = false;
    const asked = frames((message) => {
      const hit = fault?.on === operationOf(message) ? fault.do : undefined;
      if (hit !== undefined) fault = undefined;
      if (hit === 'swallow') return;
      if (hit === 'cutBefore') return void client.destroy();
      upstream.write(message);
      if (hit === 'cutAfter') isDeaf = true;
    });
    client.on('data', (chunk: Buffer) => void asked.take(chunk));
    client.once('close', () => upstream.end());
    upstream.on('data', (chunk: Buffer) => {
      // The server has answered, so it has done it; nobody hears of it.
      if (isDeaf) client.destroy();
      else client.write(chunk);
    });
    upstream.once('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));

  return {
    url: `ldap://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => count,
    will: (next: NonNullable<typeof fault>) => (fault = next),
    cutAll: () => sockets.forEach((socket) => socket.destroy()),
    close: () => {
      sockets.forEach((socket) => socket.destroy());
      return new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
};
