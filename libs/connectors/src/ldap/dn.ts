/** Distinguished names as text (RFC 4514). */

/** One step of a name; several parts are joined by `+`. */
export type Rdn = readonly { readonly attribute: string; readonly value: string }[];

const hex = (character: string) =>
  [...Buffer.from(character)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');

/**
 * A value as it stands in a name. What has a meaning there is written as `\2c` and never as `\,`: both are allowed, and splitting a
 * name at its commas then needs no care.
 */
export const escapeDnValue = (value: string): string =>
  value
    .replaceAll(/[,+"\\<>;=#\p{Cc}]/gu, hex)
    .replace(/^ +/, (spaces) => '\\20'.repeat(spaces.length))
    .replace(/ +$/, (spaces) => '\\20'.repeat(spaces.length));

/** Cuts at a separator that is neither escaped nor quoted. */
const splitAt = (text: string, separators: string): string[] => {
  const parts: string[] = [];
  let [start, quoted] = [0, false];
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (character === '\\') i++;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && separators.includes(character)) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, text.slice(start)];
};

/** The first step as it is written, and what it is below of; `''` for the root. */
export const splitDn = (dn: string): { rdn: string; parent: string } => {
  const [rdn = ''] = splitAt(dn, ',;');
  return { rdn, parent: dn.slice(rdn.length + 1).replace(/^ +/, '') };
};

const trimmed = (text: string) => text.replace(/^ +/, '').replace(/(?<!\\) +$/, '');

const unescaped = (text: string): string => {
  const plain = /^"(.*)"$/s.exec(text)?.[1] ?? text;
  const bytes: Buffer[] = [];
  for (const [, pair, single, other] of plain.matchAll(/\\([0-9a-fA-F]{2})|\\(.)|([^\\]+)/gsu))
    bytes.push(pair === undefined ? Buffer.from(single ?? other!) : Buffer.from(pair, 'hex'));
  return Buffer.concat(bytes).toString();
};

export const readRdn = (rdn: string): Rdn =>
  splitAt(rdn, '+').map((part) => {
    const equals = part.indexOf('=');
    return { attribute: part.slice(0, equals).trim(), value: unescaped(trimmed(part.slice(equals + 1))) };
  });

export const writeRdn = (rdn: Rdn): string =>
  rdn.map(({ attribute, value }) => `${attribute}=${escapeDnValue(value)}`).join('+');

/** The same for names that mean the same object: most directories ignore case and the number of spaces. */
const sameForm = (rdn: string): string =>
  readRdn(rdn)
    .map(({ attribute, value }) => ({ attribute: attribute.toLowerCase(), value: sameValueForm(value) }))
    .map((part) => writeRdn([part]))
    .sort()
    .join('+');

export const sameValueForm = (value: string): string =>
  value.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ').trim();

export const dnKey = (dn: string): string => (dn.trim() === '' ? '' : splitAt(dn, ',;').map(sameForm).join(','));

export const sameDn = (one: string, other: string): boolean => dnKey(one) === dnKey(other);

/** Whether a text can be a name: each step has an attribute and a value. */
export const isDn = (text: string): boolean =>
  splitAt(text, ',;').every((step) =>
    splitAt(step, '+').every((part) => /^\s*([A-Za-z][A-Za-z0-9-]*|\d+(\.\d+)+)\s*=\s*\S/.test(part)),
  );
