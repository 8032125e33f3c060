import { cutText } from '@tenure/eventing';

/** Enough for any name and address; what goes on longer is found by its beginning. */
const LONGEST = 100;
const MOST_WORDS = 200;
const MOST_ASKED = 10;

/** Neither case nor accents nor compatibility forms make a difference: `zoe` finds Zoë. */
const plain = (text: string): string =>
  text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase().normalize('NFKC');

const cut = (word: string): string => cutText(word, LONGEST).replace(/…$/, '');

/** Every index entry begins with a part of the tenant's id, so that a search reads those of its own tenant alone. */
const scopeOf = (tenantId: string): string => `${tenantId.slice(0, 8)}/`;

/**
 * The words by whose beginnings somebody is found: what stands between spaces, and the parts of it between other marks. Of
 * `ada.lovelace@plum.example` that is the whole, `ada`, `lovelace`, `plum` and `example`.
 */
export const searchWords = (tenantId: string, values: readonly unknown[]): string[] => {
  const words = values
    .filter((value) => typeof value === 'string')
    .flatMap((value) => plain(value).split(/\s+/))
    .flatMap((word) => [word, ...word.split(/[^\p{L}\p{N}]+/u)])
    .filter((word) => word !== '')
    .map((word) => scopeOf(tenantId) + cut(word));
  return [...new Set(words)].slice(0, MOST_WORDS);
};

/** A `tsquery`: each word of the search must begin a word of whoever is found. */
export const searchQuery = (tenantId: string, search: string): string =>
  plain(search)
    .split(/\s+/)
    .filter((word) => word !== '')
    .slice(0, MOST_ASKED)
    .map((word) => `'${(scopeOf(tenantId) + cut(word)).replaceAll('\\', '\\\\').replaceAll("'", "''")}':*`)
    .join(' & ');

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What people are searched by: name, user name and e-mail. */
export const namesOf = ({ userName, displayName, name, emails }: Readonly<Record<string, unknown>>): unknown[] => [
  userName,
  displayName,
  ...(isObject(name) ? [name.formatted, name.givenName, name.familyName, name.middleName] : []),
  ...(Array.isArray(emails) ? emails.map((email: unknown) => isObject(email) && email.value) : []),
];
