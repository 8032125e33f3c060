/** A name as it must be unique: neither case nor compatibility forms of characters (`ＡDA`) make a difference. */
export const uniqueKey = (name: unknown): string => (typeof name === 'string' ? name.normalize('NFKC').toLowerCase().normalize('NFKC') : '');
