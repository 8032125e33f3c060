import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** The port that clients connect to. It stands before the gRPC server, so that a dead or mute server is one on the level of TCP. */
export const listen = async (innerPort: number) => {
  const sockets = new Set<Socket>();
  let muted = false;
  /** The ports from which the gRPC server hears of clients that are there. */
  const peers = new Set<number>();
  const cut = () => {
    peers.clear();
    for (const socket of sockets) socket.destroy();
  };
  const accept = (client: Socket) => {
    const inner = connect(innerPort, '127.0.0.1');
    let peer: number | undefined;
    inner.once('connect', () => peers.add((peer = inner.localPort)!));
    inner.once('close', () => peer !== undefined && peers.delete(peer));
    for (const [from, to] of [
      [client, inner],
      [inner, client],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (chunk) => void (muted || to.destroyed || to.write(chunk)));
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  };
  const open = async (port: number) => {
    const server = createServer(accept);
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
    return server;
  };

  let listening = await open(0);
  const { port } = listening.address() as AddressInfo;
  /** A connection that somebody tries to make may have the port for a moment. */
  const reopen = async () => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await open(port);
      } catch (error) {
        if (attempt === 100) throw error;
      }
      await sleep(50);
    }
  };
  return {
    port,
    /** Whether the gRPC server's peer is a client whose connection was not cut. */
    isConnected: (peer: string) => peers.has(Number(peer.split(':').at(-1))),
    die: () => {
      listening.close();
      cut();
    },
    restart: async () => {
      listening = await reopen();
    },
    mute: () => {
      muted = true;
    },
    unmute: () => {
      muted = false;
      cut();
    },
  };
};

export type Front = Awaited<ReturnType<typeof listen>>;
