import type { ConnectorTarget } from '@tenure/provisioning/connector';
import { readAttribute } from './ldap-attributes.ts';

/** RFC 4512 §4.1: `( 2.5.4.3 NAME ( 'cn' 'commonName' ) SUP name )`, by the words in it. */
type Definition = { names: string[]; words: ReadonlyMap<string, readonly string[]> };

const TOKEN = /'([^']*)'|[()$]|[^\s()$']+/g;

export const readDefinition = (text: string): Definition => {
  const words = new Map<string, string[]>();
  let word: string | undefined;
  let depth = 0;
  for (const [token, quoted] of text.matchAll(TOKEN)) {
    if (token === '(') depth++;
    else if (token === ')') depth--;
    else if (token === '$') continue;
    else if (quoted === undefined && depth === 1 && /^[A-Z][A-Z-]*$/.test(token)) words.set((word = token), []);
    else if (word !== undefined) words.get(word)!.push(quoted ?? token);
  }
  return { names: words.get('NAME') ?? [], words };
};

const SYNTAX = '1.3.6.1.4.1.1466.115.121.1.';
const types: Readonly<Record<string, ConnectorTarget['type']>> = {
  [`${SYNTAX}7`]: 'boolean',
  [`${SYNTAX}27`]: 'integer',
  [`${SYNTAX}24`]: 'instant',
  [`${SYNTAX}53`]: 'instant',
  [`${SYNTAX}12`]: 'reference',
  [`${SYNTAX}5`]: 'binary',
  [`${SYNTAX}8`]: 'binary',
  [`${SYNTAX}28`]: 'binary',
  [`${SYNTAX}40`]: 'binary',
};

const compareBy = (rule: string | undefined, type: ConnectorTarget['type']): ConnectorTarget['compare'] => {
  if (type === 'reference') return 'dn';
  if (rule === undefined) return type === 'string' ? 'ignoreCase' : 'exact';
  return /^caseIgnore|^telephoneNumber/i.test(rule) ? 'ignoreCase' : 'exact';
};

type Schema = { attributeTypes: readonly string[]; objectClasses: readonly string[] };

const definitionsByName = (texts: readonly string[]) =>
  new Map(
    texts
      .map(readDefinition)
      .flatMap((one) => one.names.map((name): [string, Definition] => [name.toLowerCase(), one])),
  );

/** The attributes that entries of the classes may have, as the directory itself defines them. */
export const targetsOf = (
  { attributeTypes, objectClasses }: Schema,
  classNames: readonly string[],
): readonly ConnectorTarget[] => {
  const attributes = definitionsByName(attributeTypes);
  const classes = definitionsByName(objectClasses);

  const first = (name: string, word: string, depth = 0): string | undefined => {
    const found = attributes.get(name.toLowerCase());
    const own = found?.words.get(word)?.[0];
    const parent = found?.words.get('SUP')?.[0];
    return own ?? (parent !== undefined && depth < 10 ? first(parent, word, depth + 1) : undefined);
  };

  const [must, may, seen] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const collect = (className: string) => {
    const found = classes.get(className.toLowerCase());
    if (!found || seen.has(className.toLowerCase())) return;
    seen.add(className.toLowerCase());
    for (const name of [...(found.words.get('MUST') ?? []), ...(found.words.get('systemMustContain') ?? [])])
      must.add(name);
    for (const name of found.words.get('MAY') ?? []) may.add(name);
    for (const parent of [...(found.words.get('SUP') ?? []), ...(found.words.get('AUX') ?? [])]) collect(parent);
  };
  classNames.forEach(collect);

  const targets = [...new Set([...must, ...may])].flatMap((name): ConnectorTarget[] => {
    const known = readAttribute(name);
    const definition = attributes.get(name.toLowerCase());
    if (typeof known === 'string' || !definition || definition.words.has('NO-USER-MODIFICATION')) return [];
    const syntax = first(name, 'SYNTAX')?.replace(/\{\d+\}$/, '') ?? '';
    const type = known.type === 'binary' ? 'binary' : (types[syntax] ?? 'string');
    return [
      {
        ...known,
        type: known.read ? type : known.type,
        multiValued: !definition.words.has('SINGLE-VALUE'),
        mandatory: must.has(name),
        compare: known.read ? compareBy(first(name, 'EQUALITY'), type) : known.compare,
        matchable: known.read && type !== 'binary',
      },
    ];
  });
  return [...new Map(targets.map((one) => [one.name, one])).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
};
