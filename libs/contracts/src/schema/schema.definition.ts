import { z } from 'zod';

/** RFC 7643 §7, as it is stored: every characteristic said. */
const simpleAttribute = z.object({
  name: z.string(),
  type: z.enum(['string', 'boolean', 'decimal', 'integer', 'dateTime', 'binary', 'reference', 'complex']),
  multiValued: z.boolean(),
  description: z.string(),
  required: z.boolean(),
  canonicalValues: z.array(z.string()).optional(),
  caseExact: z.boolean(),
  mutability: z.enum(['readOnly', 'readWrite', 'immutable', 'writeOnly']),
  returned: z.enum(['always', 'never', 'default', 'request']),
  uniqueness: z.enum(['none', 'server', 'global']),
  referenceTypes: z.array(z.string()).optional(),
});
const attribute = simpleAttribute.extend({ subAttributes: z.array(simpleAttribute).optional() });

/** A schema of a tenant's own (R71), an extension or the schema of a resource type. */
export const ownSchema = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  attributes: z.array(attribute),
});
export type OwnSchema = z.output<typeof ownSchema>;

/** What an attribute is unless it says otherwise (RFC 7643 §2.2), and how much of it is taken. */
const simpleBody = z.strictObject({
  name: z.string().min(1).max(100),
  type: simpleAttribute.shape.type.default('string'),
  multiValued: z.boolean().default(false),
  description: z.string().max(2000).default(''),
  required: z.boolean().default(false),
  canonicalValues: z.array(z.string().max(200)).min(1).max(200).optional(),
  caseExact: z.boolean().default(false),
  mutability: simpleAttribute.shape.mutability.default('readWrite'),
  returned: simpleAttribute.shape.returned.default('default'),
  uniqueness: simpleAttribute.shape.uniqueness.default('none'),
  referenceTypes: z.array(z.string().min(1).max(200)).min(1).max(50).optional(),
});
const attributeBody = simpleBody.extend({ subAttributes: z.array(simpleBody).min(1).max(50).optional() });

/** Ignored: so that what a GET answered can be put back. */
const ignored = {
  schemas: z.array(z.string()).optional(),
  meta: z.record(z.string(), z.unknown()).optional(),
  version: z.int().optional(),
};

export const schemaBody = z.strictObject({
  id: z.string().max(200).optional(),
  name: z.string().min(1).max(200),
  description: z.string().max(2000).default(''),
  attributes: z.array(attributeBody).min(1).max(100),
  ...ignored,
});

/** RFC 7643 §6, as it is stored. `id` tells a type from an earlier one of the same name; those of users and groups are `User` and `Group`. */
export const ownResourceType = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  endpoint: z.string(),
  schema: z.string(),
  schemaExtensions: z.array(z.object({ schema: z.string(), required: z.boolean() })),
});
export type OwnResourceType = z.output<typeof ownResourceType>;

/** `endpoint` and `schema` may be left out for `User` and `Group`, which have theirs. */
export const resourceTypeBody = z.strictObject({
  id: z.string().max(100).optional(),
  name: z.string().max(100).optional(),
  description: z.string().max(2000).default(''),
  endpoint: z.string().max(100).optional(),
  schema: z.string().max(200).optional(),
  schemaExtensions: z
    .array(z.strictObject({ schema: z.string().max(200), required: z.boolean().default(false) }))
    .max(20)
    .default([]),
  ...ignored,
});

export const schemaReply = ownSchema.extend({ version: z.int() });
export const resourceTypeReply = ownResourceType.omit({ id: true }).extend({ version: z.int() });
