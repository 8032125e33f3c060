export type AttributeType =
  'string' | 'boolean' | 'decimal' | 'integer' | 'dateTime' | 'binary' | 'reference' | 'complex';
export type Mutability = 'readOnly' | 'readWrite' | 'immutable' | 'writeOnly';
export type Returned = 'always' | 'never' | 'default' | 'request';
export type Uniqueness = 'none' | 'server' | 'global';

/** RFC 7643 §7: the characteristics of an attribute, in the very shape that `/Schemas` shows. */
export type Attribute = {
  name: string;
  type: AttributeType;
  multiValued: boolean;
  description: string;
  required: boolean;
  canonicalValues?: string[];
  caseExact: boolean;
  mutability: Mutability;
  returned: Returned;
  uniqueness: Uniqueness;
  referenceTypes?: string[];
  subAttributes?: Attribute[];
};

export type Schema = { id: string; name: string; description: string; attributes: Attribute[] };

export type ResourceType = {
  name: string;
  /** Relative to the base URL, e.g. `/Users`. */
  endpoint: string;
  description?: string;
  schema: Schema;
  extensions: { schema: Schema; required: boolean }[];
};

/** RFC 7643 §2.2: what an attribute is unless its definition says otherwise. */
export const attributeDefaults = {
  type: 'string',
  multiValued: false,
  description: '',
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
} as const satisfies Omit<Attribute, 'name'>;

type Traits = Partial<Omit<Attribute, 'name' | 'type' | 'description' | 'subAttributes'>>;

export const attribute = (name: string, type: AttributeType, description: string, traits: Traits = {}): Attribute => ({
  ...attributeDefaults,
  name,
  type,
  description,
  ...traits,
});

export const text = (name: string, description: string, traits: Traits = {}): Attribute =>
  attribute(name, 'string', description, traits);

export const reference = (
  name: string,
  description: string,
  referenceTypes: string[],
  traits: Traits = {},
): Attribute => attribute(name, 'reference', description, { caseExact: true, referenceTypes, ...traits });

export const complex = (
  name: string,
  description: string,
  subAttributes: Attribute[],
  traits: Traits = {},
): Attribute => ({
  ...attribute(name, 'complex', description, traits),
  subAttributes,
});
