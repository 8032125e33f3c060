/**
 * JSON by RFC 8785: members in order of their names' UTF-16 units, numbers and strings as ECMAScript writes them. Members that are
 * `undefined` aren't there. Throws on what JSON can't hold, a lone surrogate among it.
 */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  switch (typeof value) {
    case 'object':
      return value === null ? 'null' : objectOf(value);
    case 'string':
      return textOf(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${value} has no form in JSON.`);
      return JSON.stringify(value);
    case 'boolean':
      return String(value);
    case 'undefined':
    case 'bigint':
    case 'symbol':
    case 'function':
      throw new TypeError(`A ${typeof value} has no form in JSON.`);
  }
};

const objectOf = (value: object): string => {
  const record = value as Record<string, unknown>;
  let members = '';
  // Without a comparison, `sort` is by UTF-16 units. One string that grows: each entry of the ledger comes through here.
  for (const name of Object.keys(record).sort()) {
    const member = record[name];
    if (member !== undefined) members += `${members === '' ? '' : ','}${textOf(name)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
};

const textOf = (text: string): string => {
  if (!text.isWellFormed())
    throw new TypeError('Text with a lone surrogate has no canonical form (RFC 8785 §3.2.2.2).');
  return JSON.stringify(text);
};
