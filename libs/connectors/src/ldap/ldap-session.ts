import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import {
  BindRequest,
  ExtendedRequest,
  ExtendedResponse,
  MessageParser,
  PagedResultsControl,
  SearchEntry,
  SearchReference,
  UnbindRequest,
  type AddRequest,
  type DeleteRequest,
  type ModifyDNRequest,
  type ModifyRequest,
  type SearchRequest,
} from 'ldapts';
import type { Targets } from '../targets/targets.ts';
import { isAddress } from '../targets/allowed-targets.ts';
import { frames } from './ldap-frames.ts';

/** How Tenure signs in to a directory. */
export type BindCredential = { kind: 'bind'; dn: string; password: string };

export type SessionOptions = {
  host: string;
  port: number;
  security: 'ldaps' | 'startTls' | 'none';
  /** The certificate authority to trust, as PEM; without it, the public ones. */
  ca: string | undefined;
  credential: BindCredential;
  targets: Targets;
};

/** An entry as it came. The names of its attributes are in lower case. */
export type Entry = { dn: string; values: ReadonlyMap<string, readonly Buffer[]> };

/** A server's answer, or why there is none. `sent`: the request may have been carried out. */
export type Answer =
  | { kind: 'answer'; code: number; message: string; entries: readonly Entry[]; cookie?: Buffer }
  | { kind: 'none'; sent: boolean; reason: string; tooLarge?: boolean };

type Message =
  | AddRequest
  | BindRequest
  | DeleteRequest
  | ExtendedRequest
  | ModifyDNRequest
  | ModifyRequest
  | SearchRequest
  | UnbindRequest;
export type Request = (messageId: number) => Message;

export type Session = {
  send: (request: Request, deadline: number) => Promise<Answer>;
  /** False: no further request may be sent on it. */
  isOpen: () => boolean;
  isEncrypted: boolean;
  /** Requests without an answer yet. */
  pending: () => number;
  close: () => void;
};

type Waiting = { message: Message; entries: Entry[]; settle: (answer: Answer) => void };

const START_TLS = '1.3.6.1.4.1.1466.20037';
const DISCONNECTING = '1.3.6.1.4.1.1466.20036';
const MOST_ENTRIES = 10_000;

/**
 * One connection to a directory, which connects and signs in once and is discarded when it is closed. ldapts is used for its messages
 * only: over LDAPS its client connects again by itself after a lost connection and then runs the next call anonymously. Also, a
 * connection of our own tells whether a request was sent.
 */
export const openSession = async (
  options: SessionOptions,
  deadline: number,
): Promise<{ kind: 'ok'; session: Session } | { kind: 'failed'; answer: Answer }> => {
  const { security, credential, targets, host, port } = options;
  const failed = (answer: Answer) => ({ kind: 'failed' as const, answer });
  const socket = targets.openSocket({ protocol: security === 'none' ? 'ldap:' : 'ldaps:', host, port });
  // Requests are small, and each waits for its answer.
  socket.setNoDelay(true);
  const connected = await ready(socket, 'connect', deadline);
  if (connected !== undefined) return failed(connected);

  let connection = overSocket(socket);
  if (security === 'startTls') {
    const started = await connection.send((messageId) => new ExtendedRequest({ messageId, oid: START_TLS }), deadline);
    if (started.kind === 'none' || started.code !== 0) {
      connection.close();
      return failed(started);
    }
    // What came in clear after the answer could be anyone's words.
    if (!connection.release()) return failed(notSent('The server sent data in clear after it agreed to StartTLS.'));
  }
  if (security !== 'none') {
    if (security === 'ldaps') connection.release();
    const secure = connectTls({ socket, host, ...(!isAddress(host) && { servername: host }), ca: options.ca });
    const secured = await ready(secure, 'secureConnect', deadline);
    if (secured !== undefined) {
      socket.destroy();
      return failed(secured);
    }
    connection = overSocket(secure);
  }

  const { dn, password } = credential;
  const bound = await connection.send((messageId) => new BindRequest({ messageId, dn, password }), deadline);
  if (bound.kind === 'none' || bound.code !== 0) {
    connection.close();
    return failed(bound.kind === 'none' ? { ...bound, sent: false } : bound);
  }
  return { kind: 'ok', session: { ...connection, isEncrypted: security !== 'none' } };
};

const notSent = (reason: string): Answer => ({ kind: 'none', sent: false, reason });

const reasonOf = (error: unknown): string => {
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  if (code === 'FORBIDDEN_TARGET') return message!;
  if (code !== undefined && /CERT|SELF_SIGNED|ISSUER|LEAF|ALTNAME/.test(code))
    return `The certificate of the LDAP server isn't trusted (${code}).`;
  return `The LDAP server could not be reached${code === undefined ? '' : ` (${code})`}.`;
};

/** Undefined once the event has come; else why it hasn't. */
const ready = (socket: Socket, event: 'connect' | 'secureConnect', deadline: number): Promise<Answer | undefined> =>
  new Promise((resolve) => {
    const end = (answer?: Answer) => {
      clearTimeout(timer);
      socket.off('error', onError).off('close', onClose).off(event, onReady);
      // Errors after this are told by `close`.
      socket.on('error', () => undefined);
      if (answer) socket.destroy();
      resolve(answer);
    };
    const onReady = () => end();
    const onError = (error: Error) =>
      end(notSent(error instanceof AggregateError ? reasonOf(error.errors[0]) : reasonOf(error)));
    const onClose = () => end(notSent('The LDAP server closed the connection.'));
    const timer = setTimeout(() => end(notSent('The LDAP server did not answer in time.')), remaining(deadline));
    socket.once('error', onError).once('close', onClose).once(event, onReady);
  });

const remaining = (deadline: number) => Math.max(0, deadline - Date.now());

const entryOf = ({ name, attributes }: SearchEntry): Entry => ({
  dn: name,
  // The buffers and not ldapts' texts: those lose a leading byte order mark.
  values: new Map(attributes.map(({ type, parsedBuffers }) => [type.toLowerCase(), parsedBuffers])),
});

const overSocket = (socket: Socket) => {
  const waiting = new Map<string, Waiting>();
  const parser = new MessageParser();
  let lastId = 0;
  let open = true;
  let broken = 'The LDAP server closed the connection.';

  const giveUp = (reason: string) => {
    broken = reason;
    open = false;
    socket.destroy();
  };

  parser.on('error', () => giveUp('The LDAP server sent something that is not LDAP.'));
  parser.on('message', (message) => {
    // RFC 4511 §4.4.1: the server is about to close the connection.
    if (message instanceof ExtendedResponse && message.messageId === 0 && message.oid === DISCONNECTING) open = false;
    const asked = waiting.get(String(message.messageId));
    if (!asked || message instanceof SearchReference) return;
    if (!(message instanceof SearchEntry)) return asked.settle(answerOf(message, asked.entries));
    asked.entries.push(entryOf(message));
    if (asked.entries.length > MOST_ENTRIES) giveUp(`The LDAP server sent more than ${MOST_ENTRIES} entries.`);
  });

  const received = frames((bytes) => parser.read(bytes, waiting));
  const onData = (chunk: Buffer) => {
    if (!received.take(chunk)) giveUp('The LDAP server sent something that is not LDAP.');
  };
  const onClose = () => {
    open = false;
    for (const { settle } of waiting.values()) settle({ kind: 'none', sent: true, reason: broken });
  };
  socket
    .on('data', onData)
    .once('close', onClose)
    .once('end', () => (open = false));

  const send = (request: Request, deadline: number): Promise<Answer> => {
    if (!open) return Promise.resolve(notSent(broken));
    const messageId = ++lastId;
    const message = request(messageId);
    const bytes = bytesOf(message);
    if (!bytes) return Promise.resolve({ ...notSent('The request is too large.'), tooLarge: true } as Answer);
    return new Promise((resolve) => {
      const settle = (answer: Answer) => {
        clearTimeout(timer);
        waiting.delete(String(messageId));
        resolve(answer);
      };
      const timer = setTimeout(() => {
        // Others may still be answered on it; new requests go elsewhere.
        open = false;
        settle({ kind: 'none', sent: true, reason: 'The LDAP server did not answer in time.' });
        if (waiting.size === 0) socket.destroy();
      }, remaining(deadline));
      waiting.set(String(messageId), { message, entries: [], settle });
      socket.write(bytes);
    });
  };

  return {
    send,
    isOpen: () => open,
    pending: () => waiting.size,
    /** Leaves the socket to TLS; false where something has come on it that was not read. */
    release: (): boolean => {
      socket.off('data', onData).off('close', onClose);
      return !received.isHolding() && socket.readableLength === 0;
    },
    close: () => {
      if (open && !socket.destroyed) socket.end(new UnbindRequest({ messageId: ++lastId }).write());
      open = false;
      socket.destroySoon();
    },
  };
};

const bytesOf = (message: Message): Buffer | undefined => {
  try {
    return message.write();
  } catch {
    return undefined;
  }
};

type Response = { status: number; errorMessage: string; controls?: readonly unknown[] };

const answerOf = ({ status, errorMessage, controls }: Response, entries: readonly Entry[]): Answer => {
  const paged = controls?.find((one) => one instanceof PagedResultsControl);
  const cookie = paged?.value?.cookie;
  return {
    kind: 'answer',
    code: status,
    message: errorMessage,
    entries,
    ...(cookie && cookie.length > 0 && { cookie }),
  };
};
