import { storableText } from '@tenure/eventing';
import type { ConnectorTarget, Scalar, TargetValue } from '@tenure/provisioning/connector';

/** RFC 4517 §3.3.13: `20261201023045Z`. */
const TIME = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})?(\d{2})?(?:[.,](\d+))?(Z|[+-]\d{2}(?:\d{2})?)$/;

export const toInstant = (text: string): string | undefined => {
  const [, year, month, day, hour, minute = '00', second = '00', fraction = '0', zone] = TIME.exec(text) ?? [];
  if (zone === undefined) return undefined;
  const offset = zone === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3) || '00'}`;
  const milliseconds = fraction.padEnd(3, '0').slice(0, 3);
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${milliseconds}${offset}`);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
};

const toGeneralizedTime = (text: string): string => {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  return `${at.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
};

/** RFC 4517 §3.3.28: the lines of an address are one text, separated by `$`. */
const isAddress = ({ name }: ConnectorTarget) => /postalAddress$/i.test(name);
const toAddress = (text: string) => text.replaceAll('\\', '\\5C').replaceAll('$', '\\24').replaceAll(/\r?\n/g, '$');
const fromAddress = (text: string) =>
  text.replaceAll('$', '\n').replaceAll(/\\(24|5c)/gi, (_, code: string) => (code === '24' ? '$' : '\\'));

/** Active Directory takes a password in quotes and as UTF-16 (MS-ADTS §3.1.1.3.1.5). */
export const adPassword = (password: string): Buffer => Buffer.from(`"${password}"`, 'utf16le');

const scalarsOf = (value: TargetValue): Scalar[] => {
  if (value === null) return [];
  if (Array.isArray(value)) return (value as readonly TargetValue[]).flatMap(scalarsOf);
  return typeof value === 'object'
    ? scalarsOf((value as Readonly<Record<string, Scalar>>)['value'] ?? null)
    : [value as Scalar];
};

const encodeOne = (target: ConnectorTarget, scalar: Scalar): Buffer => {
  if (target.name === 'unicodePwd') return adPassword(String(scalar));
  switch (target.type) {
    case 'boolean':
      return Buffer.from(scalar === true || /^(true|1)$/i.test(String(scalar)) ? 'TRUE' : 'FALSE');
    case 'binary':
      return Buffer.from(String(scalar), 'base64');
    case 'instant':
      return Buffer.from(toGeneralizedTime(String(scalar)));
    case 'string':
    case 'integer':
    case 'decimal':
    case 'reference':
    case 'complex':
      return Buffer.from(isAddress(target) ? toAddress(String(scalar)) : String(scalar));
  }
};

/** The values as they are sent. An empty text is no value: LDAP has none. */
export const encode = (target: ConnectorTarget, value: TargetValue): Buffer[] => {
  const encoded = scalarsOf(value)
    .filter((scalar) => scalar !== '')
    .map((scalar) => encodeOne(target, scalar));
  return encoded.filter((one, index) => encoded.findIndex((other) => other.equals(one)) === index);
};

const decodeOne = (target: ConnectorTarget, buffer: Buffer): Scalar => {
  if (target.type === 'binary') return buffer.toString('base64');
  const text = storableText(buffer.toString());
  switch (target.type) {
    case 'boolean':
      return text.toUpperCase() === 'TRUE';
    case 'integer':
    case 'decimal':
      // One that a number can't hold stays a text.
      return Number.isSafeInteger(Number(text)) ? Number(text) : text;
    case 'instant':
      return toInstant(text) ?? text;
    case 'string':
    case 'reference':
    case 'complex':
      return isAddress(target) ? fromAddress(text) : text;
  }
};

/** What the directory shows, as the target has it; `null` where it shows nothing. */
export const decode = (target: ConnectorTarget, values: readonly Buffer[]): TargetValue => {
  const [first] = values;
  if (first === undefined) return null;
  return target.multiValued ? values.map((value) => decodeOne(target, value)) : decodeOne(target, first);
};

/** An objectGUID as text: the first three groups are stored with their bytes reversed (MS-DTYP §2.3.4). */
export const guidText = (bytes: Buffer): string => {
  if (bytes.length !== 16) return bytes.toString('hex');
  const group = (from: number, to: number, reversed: boolean) => {
    const part = Buffer.from(bytes.subarray(from, to));
    return (reversed ? part.reverse() : part).toString('hex');
  };
  return [group(0, 4, true), group(4, 6, true), group(6, 8, true), group(8, 10, false), group(10, 16, false)].join('-');
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
export const isUuid = (text: string): boolean => UUID.test(text);

export const guidBytes = (text: string): Buffer => {
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
};
