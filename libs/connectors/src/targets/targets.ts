import type { Socket } from 'node:net';
import { Agent, type Dispatcher } from 'undici';
import { allowedTargets } from './allowed-targets.ts';
import { guardedConnect, guardedSocket, refusalOfUrl } from './guarded-connect.ts';

/** The way out of this process to apps: one pool of kept-alive connections, none of which leads where it may not. */
export type Targets = {
  dispatcher: Dispatcher;
  userAgent: string;
  /** Opens a TCP connection for another protocol than HTTP. `protocol`: `ldaps:` also for StartTLS, which encrypts before it signs in. */
  openSocket: (to: { protocol: 'ldap:' | 'ldaps:'; host: string; port: number }) => Socket;
  /** Why a URL may not be reached, in words for an admin; undefined = it may. */
  refusalOf: (url: string) => Promise<string | undefined>;
  close: () => Promise<void>;
};

/** Opened once per process. Redirects are never followed: they could lead elsewhere. */
export const openTargets = ({
  allowPrivateTargets,
  userAgent = 'Tenure',
}: {
  allowPrivateTargets: readonly string[];
  userAgent?: string;
}): Targets => {
  const allowed = allowedTargets(allowPrivateTargets);
  const dispatcher = new Agent({ connect: guardedConnect(allowed), pipelining: 1 });
  return {
    dispatcher,
    userAgent,
    openSocket: (to) => guardedSocket(allowed, to),
    refusalOf: (url) => refusalOfUrl(allowed, url),
    close: () => dispatcher.destroy(),
  };
};
