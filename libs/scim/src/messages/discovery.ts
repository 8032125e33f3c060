import type { Attribute, ResourceType, Schema } from '../schema/attribute.ts';
import { resourceTypeSchema, schemaSchema, serviceProviderConfigSchema } from '../schema/discovery.schemas.ts';

/** RFC 7643 §7: characteristics that don't apply to a type are left out, as in the RFC's own §8.7. */
const attributeDocument = ({ subAttributes, caseExact, ...attribute }: Attribute): object => ({
  ...attribute,
  ...(attribute.type !== 'boolean' && attribute.type !== 'complex' && { caseExact }),
  ...(subAttributes && { subAttributes: subAttributes.map(attributeDocument) }),
});

/** RFC 7643 §7: a schema as `/Schemas` shows it. */
export const schemaResource = ({ id, name, description, attributes }: Schema, location: string) => ({
  schemas: [schemaSchema.id],
  id,
  name,
  description,
  attributes: attributes.map(attributeDocument),
  meta: { resourceType: 'Schema', location },
});

/** RFC 7643 §6: a resource type as `/ResourceTypes` shows it. */
export const resourceTypeResource = (
  { name, description, endpoint, schema, extensions }: ResourceType,
  location: string,
) => ({
  schemas: [resourceTypeSchema.id],
  id: name,
  name,
  ...(description && { description }),
  endpoint,
  schema: schema.id,
  ...(extensions.length > 0 && {
    schemaExtensions: extensions.map((extension) => ({ schema: extension.schema.id, required: extension.required })),
  }),
  meta: { resourceType: 'ResourceType', location },
});

export type ServiceProviderOptions = {
  location: string;
  documentationUri?: string;
  /** Without limits there is no bulk. */
  bulk?: { maxOperations: number; maxPayloadSize: number };
  maxResults: number;
  changePassword: boolean;
  /** RFC 9865 §3. */
  pagination: { defaultPageSize: number; maxPageSize: number; cursorTimeout: number };
};

/** RFC 7643 §5 with RFC 9865 §3: what the server can do. Index pages stay the default, as RFC 9865 advises. */
export const serviceProviderConfig = ({
  location,
  documentationUri,
  bulk,
  maxResults,
  changePassword,
  pagination,
}: ServiceProviderOptions) => ({
  schemas: [serviceProviderConfigSchema.id],
  ...(documentationUri && { documentationUri }),
  patch: { supported: true },
  bulk: bulk ? { supported: true, ...bulk } : { supported: false, maxOperations: 0, maxPayloadSize: 0 },
  filter: { supported: true, maxResults },
  changePassword: { supported: changePassword },
  sort: { supported: true },
  etag: { supported: true },
  authenticationSchemes: [
    {
      type: 'oauthbearertoken',
      name: 'Bearer token',
      description: 'The token of the connection, as a bearer token.',
      specUri: 'https://www.rfc-editor.org/info/rfc6750',
      primary: true,
    },
  ],
  pagination: { cursor: true, index: true, defaultPaginationMethod: 'index', ...pagination },
  meta: { resourceType: 'ServiceProviderConfig', location },
});
