import type { Dialect } from '../dialect/settings.ts';
import { isStrict } from '../dialect/settings.ts';
import type { Attribute, ResourceType } from '../schema/attribute.ts';
import { findAttribute, findSubAttribute } from '../schema/lookup.ts';
import type { FilterAttribute } from './filter.ts';

export type InScope = {
  /** What the name means in a comparison; for a complex attribute its `value`, as the RFC's own examples have it (`emails co "x"`). */
  compared: FilterAttribute;
  /** What the name means with `pr` or before `[`. */
  itself: FilterAttribute;
  attribute: Attribute;
  sub?: Attribute;
  /** Its values may be looked at: not a password. */
  filterable: boolean;
  /** The schema, where the name was prefixed with the URN of a core one: other types' attributes of that name are not meant. */
  schemaId?: string;
};

/** How names are understood: those of a resource, or those of an element inside brackets. */
export type Scope = { find: (name: string) => InScope | undefined };

const describe = (path: string, attribute: Attribute, multiValued: boolean): FilterAttribute => ({
  path,
  type: attribute.type,
  caseExact: attribute.caseExact,
  multiValued,
});

const inScope = (path: string, attribute: Attribute, sub: Attribute | undefined): InScope => {
  const target = sub ?? attribute;
  const multiValued = attribute.multiValued || (sub?.multiValued ?? false);
  const itself = describe(sub ? `${path}.${sub.name}` : path, target, multiValued);
  const value = target.type === 'complex' && !sub ? findSubAttribute(target, 'value') : undefined;
  const compared = value ? describe(`${path}.${value.name}`, value, multiValued || value.multiValued) : itself;
  const filterable = ![attribute, target].some(
    ({ returned, mutability }) => returned === 'never' || mutability === 'writeOnly',
  );
  return { compared, itself, attribute, ...(sub && { sub }), filterable };
};

const ofType = (type: ResourceType, name: string, dialect: Dialect): InScope | undefined => {
  const found = findAttribute(type, name, { lenient: !isStrict(dialect) });
  if (!found) return undefined;
  const prefixed = !found.extension && name.includes(':');
  return { ...inScope(found.path, found.attribute, found.sub), ...(prefixed && { schemaId: type.schema.id }) };
};

export const resourceScope = (types: ResourceType[], dialect: Dialect): Scope => ({
  find: (name) => {
    const alias = dialect.emailAlias && name.toLowerCase() === 'email' ? 'emails.value' : name;
    for (const type of types) {
      const found = ofType(type, alias, dialect);
      if (found) return found;
    }
    return undefined;
  },
});

/** The names inside `attribute[…]`. An element that isn't complex is called `value`. */
export const elementScope = (attribute: Attribute): Scope => ({
  find: (name) => {
    const plain =
      attribute.type !== 'complex' && name.toLowerCase() === 'value' ? { ...attribute, multiValued: false } : undefined;
    const sub = plain ?? findSubAttribute(attribute, name);
    return sub && inScope(plain ? 'value' : sub.name, sub, undefined);
  },
});
