const dateTime = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:\d{2})?$/i;

/**
 * An xsd:dateTime (RFC 7643 §2.3.5) as text that sorts by time: UTC with nine digits of fraction, since clients send seven (E27) and a
 * `Date` keeps three. Without a zone it is read as UTC. `undefined` when it is no instant.
 */
export const sortableInstant = (text: string): string | undefined => {
  const [, seconds, fraction = '', zone = 'Z'] = dateTime.exec(text) ?? [];
  if (!seconds) return undefined;
  const whole = new Date(`${seconds.toUpperCase()}${zone.toUpperCase()}`);
  if (Number.isNaN(whole.getTime()) || whole.getUTCFullYear() > 9999 || whole.getUTCFullYear() < 0) return undefined;
  return `${whole.toISOString().slice(0, 19)}.${fraction.slice(0, 9).padEnd(9, '0')}Z`;
};

/** How text is compared where case doesn't matter: the case mapping and normalisation of PRECIS UsernameCaseMapped (RFC 8265). */
export const fold = (text: string): string => text.normalize('NFC').toLowerCase();
