import { type Attribute, type ResourceType, type Schema } from '../index.ts';
import { attributeDefaults } from '../schema/attribute.ts';

/** Only what differs from the defaults of RFC 7643 §2.2. */
export type GivenAttribute = Partial<Omit<Attribute, 'subAttributes'>> & {
  name: string;
  subAttributes?: GivenAttribute[];
};

const attributeOf = ({ subAttributes, ...given }: GivenAttribute): Attribute => ({
  ...attributeDefaults,
  ...given,
  ...(subAttributes && { subAttributes: subAttributes.map(attributeOf) }),
});

export const ownSchema = (id: string, ...attributes: GivenAttribute[]): Schema => ({
  id,
  name: id,
  description: '',
  attributes: attributes.map(attributeOf),
});

/** A resource type of an admin's own (R71): `Saw` at `/Saws`. */
export const ownType = (name: string, ...attributes: GivenAttribute[]): ResourceType => ({
  name,
  endpoint: `/${name}s`,
  schema: ownSchema(`urn:example:tools:2.0:${name}`, ...attributes),
  extensions: [],
});
