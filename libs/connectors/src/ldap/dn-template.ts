import type { TargetValue } from '@tenure/provisioning/connector';
import { attributeName } from './ldap-attributes.ts';
import { escapeDnValue, isDn, readRdn, splitDn, type Rdn } from './dn.ts';

type Values = Readonly<Record<string, TargetValue>>;

export type DnTemplate = {
  /** The targets whose values make up the name. */
  names: readonly string[];
  render: (
    values: Values,
  ) => { ok: true; dn: string; rdn: string; parent: string; parts: Rdn } | { ok: false; missing: readonly string[] };
};

const PLACEHOLDER = /\{([^{}]*)\}/g;

const firstText = (value: TargetValue | undefined): string => {
  if (value === null || value === undefined) return '';
  if (!Array.isArray(value)) return typeof value === 'object' ? '' : String(value);
  return firstText((value as readonly TargetValue[])[0]);
};

/** Reads `uid={uid},ou=people,dc=example,dc=org`: where new entries are made. A text says what is wrong with it. */
export const readDnTemplate = (template: string): DnTemplate | string => {
  const names: string[] = [];
  for (const [whole, name = ''] of template.matchAll(PLACEHOLDER)) {
    const read = attributeName(name.trim());
    if (read === undefined) return `${whole} in the DN template isn't the name of an attribute.`;
    names.push(read);
  }
  if (/[{}]/.test(template.replaceAll(PLACEHOLDER, ''))) return 'The DN template has a brace without its partner.';
  if (!isDn(template.replaceAll(PLACEHOLDER, 'x')))
    return `${template} isn't a DN template, such as uid={uid},ou=people,dc=example,dc=org.`;
  if (!splitDn(template).rdn.includes('{'))
    return 'The first part of the DN template needs an attribute in braces, such as uid={uid}; otherwise all entries get the same name.';
  return {
    names: [...new Set(names)],
    render: (values) => {
      const missing = names.filter((name) => firstText(values[name]).trim() === '');
      if (missing.length > 0) return { ok: false, missing: [...new Set(missing)] };
      const dn = template.replaceAll(PLACEHOLDER, (_, name: string) =>
        escapeDnValue(firstText(values[attributeName(name.trim())!])),
      );
      const { rdn, parent } = splitDn(dn);
      return { ok: true, dn, rdn, parent, parts: readRdn(rdn) };
    },
  };
};
