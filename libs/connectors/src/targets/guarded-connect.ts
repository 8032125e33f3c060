import { lookup, type LookupAddress } from 'node:dns';
import { connect, Socket, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { bareHost, ENCRYPTED, encryptedOnly, isAddress, type AllowedTargets } from './allowed-targets.ts';

/** Nothing was sent: the address must not be connected to. */
export class ForbiddenTarget extends Error {
  override readonly name = 'ForbiddenTarget';
  readonly code = 'FORBIDDEN_TARGET';
}

const CONNECT_TIMEOUT_MS = 10_000;

/** The addresses of a host that may be connected to; where there is none, why. */
const sift = (allowed: AllowedTargets, protocol: string, hostname: string, addresses: readonly LookupAddress[]) => {
  const judged = addresses.map((each) => ({
    each,
    refusal: allowed.refusalOf({ protocol, hostname, address: each.address }),
  }));
  const fit = judged.filter(({ refusal }) => refusal === undefined).map(({ each }) => each);
  return { fit, refusal: fit.length > 0 ? undefined : judged.find(({ refusal }) => refusal !== undefined)?.refusal };
};

/**
 * Looks a name up for the very connection that is made next, so that a name which answers differently the second time (DNS rebinding)
 * gains nothing.
 */
const guardedLookup =
  (allowed: AllowedTargets, protocol: string): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const { fit, refusal } = sift(allowed, protocol, hostname, addresses);
      if (refusal !== undefined || !fit[0])
        return callback(new ForbiddenTarget(refusal ?? `${hostname} has no address.`), '', 0);
      if (options.all) return (callback as unknown as (error: null, addresses: LookupAddress[]) => void)(null, fit);
      return callback(null, fit[0].address, fit[0].family);
    });
  };

/** How undici connects: only to where it is allowed, checked on the address itself. */
export const guardedConnect = (allowed: AllowedTargets): buildConnector.connector => {
  const connectorFor = (protocol: string) =>
    buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: guardedLookup(allowed, protocol) });
  const [http, https] = [connectorFor('http:'), connectorFor('https:')];
  return (options, callback) => {
    const host = bareHost(options.hostname);
    // Node looks nothing up for a literal address.
    const refusal = isAddress(host)
      ? allowed.refusalOf({ protocol: options.protocol, hostname: host, address: host })
      : undefined;
    if (refusal !== undefined) return callback(new ForbiddenTarget(refusal), null);
    return (options.protocol === 'https:' ? https : http)(options, callback);
  };
};

/** A TCP connection for another protocol than HTTP: only to where it is allowed, as above. A refusal is the socket's error. */
export const guardedSocket = (
  allowed: AllowedTargets,
  { protocol, host, port }: { protocol: string; host: string; port: number },
): Socket => {
  const refusal = isAddress(host) ? allowed.refusalOf({ protocol, hostname: host, address: host }) : undefined;
  if (refusal !== undefined) return new Socket().destroy(new ForbiddenTarget(refusal));
  return connect({ host, port, lookup: guardedLookup(allowed, protocol) });
};

/** Whether a URL may be reached as its name answers now; undefined also where it does not answer, which a test of the connection tells. */
export const refusalOfUrl = async (allowed: AllowedTargets, url: string): Promise<string | undefined> => {
  const { protocol, hostname } = new URL(url);
  const host = bareHost(hostname);
  if (isAddress(host)) return allowed.refusalOf({ protocol, hostname: host, address: host });
  const addresses = await new Promise<LookupAddress[]>((resolve) =>
    lookup(host, { all: true }, (error, found) => resolve(error ? [] : found)),
  );
  if (addresses.length === 0 && !ENCRYPTED.has(protocol) && !allowed.listsHost(host))
    return `${host} may be reached ${encryptedOnly(protocol)}.`;
  return sift(allowed, protocol, host, addresses).refusal;
};
