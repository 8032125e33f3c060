import type { Attribute, ResourceType, Schema } from './attribute.ts';
import { commonAttributes } from './common.ts';
import { isAttributeName } from './lookup.ts';

/** What is wrong with a definition, and where: `attributes[2].subAttributes[0].name`. */
export type DefinitionIssue = { field: string; message: string };

const common = new Set(commonAttributes.map(({ name }) => name.toLowerCase()));

/** The characteristics that are wrong together (RFC 7643 §2.2, §7). */
const characteristicIssues = (
  { type, multiValued, required, canonicalValues, mutability, returned, uniqueness, referenceTypes }: Attribute,
  nested: boolean,
): DefinitionIssue[] => {
  const isReference = type === 'reference';
  const issues: [boolean, string, string][] = [
    [nested && multiValued, 'multiValued', 'must be false inside a complex attribute'],
    [canonicalValues !== undefined && type !== 'string', 'canonicalValues', 'are for strings only'],
    [
      isReference && (referenceTypes ?? []).length === 0,
      'referenceTypes',
      'must say what a reference may name: a resource type, "external" or "uri"',
    ],
    [!isReference && referenceTypes !== undefined, 'referenceTypes', 'are for references only'],
    [mutability === 'writeOnly' && returned !== 'never', 'returned', 'must be never for what is writeOnly'],
    [mutability === 'readOnly' && required, 'required', 'must be false for what no client may write'],
    [
      uniqueness !== 'none' && (nested || !['string', 'integer', 'reference'].includes(type)),
      'uniqueness',
      'is for strings, integers and references that are no part of a complex attribute',
    ],
    [
      uniqueness !== 'none' && returned === 'never',
      'uniqueness',
      'must be none for what is never returned, as that is not kept',
    ],
  ];
  return issues.filter(([wrong]) => wrong).map(([, field, message]) => ({ field, message }));
};

const nameIssues = (name: string, nested: boolean): DefinitionIssue[] => {
  const isReference = nested && name === '$ref';
  if (!isReference && (!isAttributeName(name) || name.startsWith('$')))
    return [
      {
        field: 'name',
        message:
          'must begin with a letter, go on with letters, digits, "$", "-" and "_", and be no name that every object has',
      },
    ];
  return !nested && common.has(name.toLowerCase())
    ? [{ field: 'name', message: 'is an attribute that every resource has' }]
    : [];
};

const partIssues = ({ type, subAttributes = [] }: Attribute, nested: boolean): DefinitionIssue[] => {
  if (nested && type === 'complex')
    return [{ field: 'type', message: 'must not be complex inside a complex attribute' }];
  if (type === 'complex' && subAttributes.length === 0)
    return [{ field: 'subAttributes', message: 'must be there for what is complex' }];
  return type !== 'complex' && subAttributes.length > 0
    ? [{ field: 'subAttributes', message: 'are for complex attributes only' }]
    : [];
};

const under = (prefix: string, issues: readonly DefinitionIssue[]): DefinitionIssue[] =>
  issues.map(({ field, message }) => ({ field: `${prefix}.${field}`, message }));

const attributeIssues = (attributes: readonly Attribute[], field: string, nested: boolean): DefinitionIssue[] => {
  const names = attributes.map(({ name }) => name.toLowerCase());
  return attributes.flatMap((attribute, index) => {
    const twice = names.indexOf(names[index]!) < index ? [{ field: 'name', message: 'is there twice' }] : [];
    const own = [
      ...nameIssues(attribute.name, nested),
      ...twice,
      ...partIssues(attribute, nested),
      ...characteristicIssues(attribute, nested),
    ];
    const parts = nested ? [] : attributeIssues(attribute.subAttributes ?? [], 'subAttributes', true);
    return under(`${field}[${index}]`, [...own, ...parts]);
  });
};

/** A URN that paths and filters can hold (RFC 8141 in essence): it ends in what neither a colon nor a dot is. */
export const isSchemaUrn = (id: string): boolean =>
  /^urn:[a-z0-9][a-z0-9-]{0,31}(:[\w.~-]+)+$/i.test(id) && /\w$/.test(id) && id.length <= 200;

/** RFC 7643 §7: what keeps a schema of an admin's own (R71) from being served. */
export const schemaIssues = ({ id, attributes }: Schema): DefinitionIssue[] => [
  ...(isSchemaUrn(id)
    ? []
    : [{ field: 'id', message: 'must be a URN such as urn:example:params:scim:schemas:2.0:Device' }]),
  ...(attributes.length > 0 ? [] : [{ field: 'attributes', message: 'must not be empty' }]),
  ...attributeIssues(attributes, 'attributes', false),
];

/** RFC 7643 §6: what keeps a resource type from being served, its schemas apart. */
export const resourceTypeIssues = ({ name, endpoint }: Pick<ResourceType, 'name' | 'endpoint'>): DefinitionIssue[] => [
  ...(/^[a-z][\w-]{0,63}$/i.test(name)
    ? []
    : [{ field: 'name', message: 'must be a word of letters, digits, "-" and "_"' }]),
  ...(/^\/[a-z][\w-]{0,63}$/i.test(endpoint)
    ? []
    : [{ field: 'endpoint', message: 'must be a path of one segment, such as /Devices' }]),
];

/** Where stored values would be read, found or compared otherwise by the new definition of an attribute. */
const attributeConflicts = (before: Attribute, after: Attribute | undefined, field: string): DefinitionIssue[] => {
  if (!after) return [{ field, message: 'is gone' }];
  const isHidden = ({ returned }: Attribute) => returned === 'never';
  const conflicts: [boolean, string][] = [
    [before.type !== after.type, 'type'],
    [before.multiValued !== after.multiValued, 'multiValued'],
    [before.caseExact !== after.caseExact, 'caseExact'],
    [isHidden(before) !== isHidden(after), 'returned'],
    [after.uniqueness !== 'none' && before.uniqueness !== after.uniqueness, 'uniqueness'],
  ];
  return [
    ...conflicts
      .filter(([differs]) => differs)
      .map(([, name]) => ({ field: `${field}.${name}`, message: 'is another' })),
    ...(before.subAttributes ?? []).flatMap((sub) =>
      attributeConflicts(sub, named(after.subAttributes ?? [], sub.name), `${field}.${sub.name}`),
    ),
  ];
};

const named = (attributes: readonly Attribute[], name: string): Attribute | undefined =>
  attributes.find((one) => one.name === name);

/**
 * What stored values forbid of a schema's new definition. Attributes may be added, and who may write them, whether they must be given and
 * what is suggested may change, for that is asked of what is written from now on.
 */
export const schemaConflicts = (before: Schema, after: Schema): DefinitionIssue[] =>
  before.attributes.flatMap((attribute) =>
    attributeConflicts(attribute, named(after.attributes, attribute.name), attribute.name),
  );
