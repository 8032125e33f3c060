import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Where connectors may connect to: public addresses by https; what an operator listed, though private, by http too (TENURE_ALLOW_PRIVATE_TARGETS). */
export type AllowedTargets = {
  /** Undefined = it may be reached there; else why not, for an admin to read. The address is the one that is connected to. */
  refusalOf: (target: { protocol: string; hostname: string; address: string }) => string | undefined;
  /** What can be said of a URL before its host is resolved. */
  listsHost: (hostname: string) => boolean;
};

/** Protocols that are encrypted from the first byte, or before anything secret is sent. */
export const ENCRYPTED = new Set(['https:', 'ldaps:']);

/** What may be used instead of a protocol that isn't encrypted. */
export const encryptedOnly = (protocol: string) =>
  protocol.startsWith('ldap') ? 'by ldaps:// or with StartTLS only' : 'by https only';

type Network = { address: ipaddr.IPv4 | ipaddr.IPv6; bits: number };

/** An IPv6 literal of a URL without its brackets. */
export const bareHost = (hostname: string) => hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();

export const isAddress = (host: string) => isIP(host) !== 0;

/** IPv4 written as IPv6 counts as the IPv4 address that is meant. */
const read = (address: string) => ipaddr.process(address);

const networkOf = (entry: string): Network | undefined => {
  if (ipaddr.isValidCIDR(entry)) {
    const [address, bits] = ipaddr.parseCIDR(entry);
    return { address, bits };
  }
  if (!isAddress(entry)) return undefined;
  const address = read(entry);
  return { address, bits: address.kind() === 'ipv4' ? 32 : 128 };
};

const isWithin = (address: ipaddr.IPv4 | ipaddr.IPv6, network: Network) =>
  address.kind() === network.address.kind() &&
  (address as ipaddr.IPv4).match(network.address as ipaddr.IPv4, network.bits);

/** `listed`: hosts, addresses and CIDRs. */
export const allowedTargets = (listed: readonly string[]): AllowedTargets => {
  const entries = listed.map((entry) => bareHost(entry.trim()));
  const networks = entries.flatMap((entry) => networkOf(entry) ?? []);
  const hosts = new Set(entries.filter((entry) => networkOf(entry) === undefined));
  const listsHost = (hostname: string) => hosts.has(bareHost(hostname));
  return {
    listsHost,
    refusalOf: ({ protocol, hostname, address }) => {
      const target = read(address);
      if (listsHost(hostname) || networks.some((network) => isWithin(target, network))) return undefined;
      // Everything that is not plainly public: private, loopback, link-local (cloud metadata), carrier-grade NAT, unique local, tunnels, reserved.
      if (target.range() !== 'unicast') return `${hostname} is not a public address (${target.range()}).`;
      return ENCRYPTED.has(protocol) ? undefined : `${hostname} may be reached ${encryptedOnly(protocol)}.`;
    },
  };
};
