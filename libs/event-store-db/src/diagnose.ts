import { connect as connectPlain } from 'node:net';
import { readFileSync } from 'node:fs';
import { connect as connectTls } from 'node:tls';
import { AccessDeniedError } from '@eventstore/db-client';
import { parseConnectionString } from '@eventstore/db-client/dist/Client/parseConnectionString.js';

/** What stands between us and the server, in one line with what to do; `fatal` where waiting can't help. */
export type Obstacle = { fatal: boolean; message: string };

type Host = { address: string; port: number };

const PROBE_MS = 3000;
/** gRPC's status codes. */
const UNAUTHENTICATED = 16;

/** How a connection came out: it stands, or failed with a code; `heard` is the first that the server said. */
type Outcome = { code?: string; message?: string; heard?: Buffer };

const outcomeOf = (socket: ReturnType<typeof connectPlain>, connected: 'connect' | 'secureConnect', say?: Buffer) =>
  new Promise<Outcome>((resolve) => {
    const end = (outcome: Outcome) => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(PROBE_MS, () => end({ code: 'ETIMEDOUT', message: 'no answer' }));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end({ code: error.code ?? 'unknown', message: error.message }),
    );
    socket.once('close', () => end({ code: 'ECONNRESET', message: 'the connection was closed' }));
    socket.once(connected, () => {
      if (!say) return end({});
      socket.once('data', (heard: Buffer) => end({ heard }));
      socket.write(say);
    });
  });

/** What a client of HTTP/2 says first (RFC 9113 §3.4), with empty settings. */
const preface = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
const SETTINGS = 4;

const speaksPlainText = async ({ address, port }: Host) => {
  const { heard } = await outcomeOf(connectPlain(port, address), 'connect', preface);
  return heard?.[3] === SETTINGS;
};

const overTls = ({ address, port }: Host, ca?: Buffer) => {
  const named = /^[\d.]+$|:/.test(address) ? {} : { servername: address };
  return outcomeOf(
    connectTls({ port, host: address, ALPNProtocols: ['h2'], ...named, ...(ca ? { ca } : {}) }),
    'secureConnect',
  );
};

const isOfCertificate = (code: string) => /CERT|SIGNATURE|ISSUER|SELF_SIGNED|ALTNAME/.test(code);

const unreachable = ({ address, port }: Host, { code, message }: Outcome): Obstacle => ({
  fatal: false,
  message: `EventStoreDB doesn't answer at ${address}:${port} (${code ?? message}). Waiting for it; if the address is wrong, correct EVENTSTOREDB_URL.`,
});

const diagnoseHost = async (host: Host, tls: boolean, caFile: string | undefined): Promise<Obstacle | undefined> => {
  const where = `${host.address}:${host.port}`;
  const reached = await outcomeOf(connectPlain(host.port, host.address), 'connect');
  if (reached.code !== undefined) return unreachable(host, reached);
  const secure = await overTls(host, caFile === undefined ? undefined : readFileSync(caFile));
  const isTls = secure.code === undefined || isOfCertificate(secure.code);
  if (!tls)
    return isTls
      ? {
          fatal: true,
          message: `EventStoreDB at ${where} speaks TLS, but EVENTSTOREDB_URL says tls=false. Take that out, or run the server with EVENTSTORE_INSECURE=true.`,
        }
      : undefined;
  if (secure.code === undefined) return undefined;
  if (secure.code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return {
      fatal: true,
      message: `The certificate of EventStoreDB at ${where} is for another name. Put a name into EVENTSTOREDB_URL that the certificate has.`,
    };
  if (isTls)
    return {
      fatal: true,
      message: `The certificate of EventStoreDB at ${where} isn't trusted (${secure.code}). Add the file of its CA to EVENTSTOREDB_URL: tlsCAFile=/path/to/ca.crt`,
    };
  return (await speaksPlainText(host))
    ? {
        fatal: true,
        message: `EventStoreDB at ${where} speaks plain text, but EVENTSTOREDB_URL asks for TLS. Add tls=false to it, or give the server a certificate.`,
      }
    : unreachable(host, secure);
};

const denialOf = (error: AccessDeniedError, what: string, user: string | undefined): Obstacle => {
  const wrong = (error as { code?: unknown }).code === UNAUTHENTICATED;
  if (user === undefined)
    return {
      fatal: true,
      message: 'EventStoreDB wants credentials. Put them into EVENTSTOREDB_URL: esdb://USER:PASSWORD@HOST:PORT',
    };
  if (wrong)
    return {
      fatal: true,
      message: `EventStoreDB refuses the user ${user}: the name or the password is wrong. Correct them in EVENTSTOREDB_URL.`,
    };
  return {
    fatal: true,
    message: `EventStoreDB doesn't let the user ${user} ${what}. An operator can grant it: docs/operations.md, section EventStoreDB.`,
  };
};

const causeOf = (error: unknown): unknown =>
  error instanceof Error && !(error instanceof AccessDeniedError) && error.cause instanceof Error
    ? causeOf(error.cause)
    : error;

/** Why the server could not be used. gRPC says of most of it only that it is unavailable, so the connection is tried by hand. */
export const diagnose = async (error: unknown, what: string, connectionString: string): Promise<Obstacle> => {
  const { hosts, tls = true, tlsCAFile, defaultCredentials, dnsDiscover } = parseConnectionString(connectionString);
  const cause = causeOf(error);
  if (cause instanceof AccessDeniedError) return denialOf(cause, what, tls ? defaultCredentials?.username : undefined);
  let found: Obstacle | undefined;
  for (const { address, port } of dnsDiscover ? hosts.slice(0, 1) : hosts) {
    const obstacle = await diagnoseHost({ address, port }, tls, tlsCAFile);
    if (!obstacle) break;
    found ??= obstacle;
    if (obstacle.fatal) return obstacle;
  }
  return (
    found ?? {
      fatal: false,
      message: `EventStoreDB can't be used yet: ${cause instanceof Error ? cause.message : String(cause)}. Trying again.`,
    }
  );
};
