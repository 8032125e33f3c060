import { Rejected } from '@tenure/eventing';

/** A name as it must be unique: neither case nor compatibility forms of characters (`ＡDA`) make a difference. */
export const uniqueKey = (name: unknown): string =>
  typeof name === 'string' ? name.normalize('NFKC').toLowerCase().normalize('NFKC') : '';

/** What an index holds has a limit, some 2,700 bytes in PostgreSQL; a value beyond it would stop the view that every tenant shares. */
const LONGEST = 512;

export const refuseOverlong = (values: Readonly<Record<string, unknown>>): void => {
  const overlong = Object.entries(values).filter(
    ([, value]) => typeof value === 'string' && Math.max(value.length, uniqueKey(value).length) > LONGEST,
  );
  if (overlong.length === 0) return;
  const names = overlong.map(([name]) => name);
  throw new Rejected(
    'invalid',
    'value/too-long',
    `${names.join(', ')} must not be longer than ${LONGEST} characters.`,
    names.map((field) => ({ field, message: 'is too long' })),
  );
};
