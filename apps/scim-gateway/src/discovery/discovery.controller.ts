import { Controller, Get, Header, Inject, Param, Query, UseGuards } from '@nestjs/common';
import { Needs } from '@tenure/platform';
import {
  discoverySchemas,
  listResponse,
  problem,
  resourceTypeResource,
  schemaResource,
  serviceProviderConfig,
  type ResourceType,
} from '@tenure/scim';
import { BULK_LIMITS } from '../bulk/bulk.controller.ts';
import { ConnectionGuard } from '../connection/connection.guard.ts';
import { Scim, type ScimContext } from '../connection/scim-context.ts';
import { CURSOR_SECONDS } from '../resource/cursor.ts';
import { DEFAULT_PAGE, LARGEST_PAGE } from '../resource/page.ts';
import { ENDPOINTS, type Endpoints } from '../resource/endpoints.ts';
import { isEmpty } from '../resource/scim-endpoint.ts';

const SCIM_JSON = 'application/scim+json';
type Params = Record<string, unknown>;

/** RFC 7644 §4: what is true for this connection, its tenant's own schemas and resource types among it (R71). */
@Controller('scim/:tenantId/:connectionId/v2')
@UseGuards(ConnectionGuard)
@Needs('discovery')
export class DiscoveryController {
  constructor(@Inject(ENDPOINTS) private readonly endpoints: Endpoints) {}

  @Get('ServiceProviderConfig')
  @Header('Content-Type', SCIM_JSON)
  config(@Scim() { baseUrl, policy }: ScimContext) {
    return serviceProviderConfig({
      location: `${baseUrl}/ServiceProviderConfig`,
      bulk: BULK_LIMITS,
      maxResults: LARGEST_PAGE,
      changePassword: policy.settings.passwords === 'hash',
      pagination: { defaultPageSize: DEFAULT_PAGE, maxPageSize: LARGEST_PAGE, cursorTimeout: CURSOR_SECONDS },
    });
  }

  @Get('ResourceTypes')
  @Header('Content-Type', SCIM_JSON)
  resourceTypes(@Scim() context: ScimContext, @Query() query: Params) {
    return all(
      query,
      this.types(context).map((type) => typeDocument(context, type)),
    );
  }

  @Get('ResourceTypes/:name')
  @Header('Content-Type', SCIM_JSON)
  resourceType(@Scim() context: ScimContext, @Param('name') name: string) {
    return found(
      this.types(context).find((type) => type.name.toLowerCase() === name.toLowerCase()),
      (type) => typeDocument(context, type),
    );
  }

  @Get('Schemas')
  @Header('Content-Type', SCIM_JSON)
  schemas(@Scim() context: ScimContext, @Query() query: Params) {
    return all(
      query,
      this.schemasOf(context).map((schema) => schemaResource(schema, `${context.baseUrl}/Schemas/${schema.id}`)),
    );
  }

  @Get('Schemas/:urn')
  @Header('Content-Type', SCIM_JSON)
  schema(@Scim() context: ScimContext, @Param('urn') urn: string) {
    const named = this.schemasOf(context).find(({ id }) => id.toLowerCase() === urn.toLowerCase());
    return found(named, (schema) => schemaResource(schema, `${context.baseUrl}/Schemas/${schema.id}`));
  }

  /** A type that is switched off is left out (R18). */
  private types(context: ScimContext): ResourceType[] {
    return this.endpoints(context)
      .filter((endpoint) => !isEmpty(endpoint, context))
      .map(({ type }) => type);
  }

  private schemasOf(context: ScimContext) {
    const schemas = this.types(context).flatMap(({ schema, extensions }) => [
      schema,
      ...extensions.map((extension) => extension.schema),
    ]);
    return [...new Map([...schemas, ...discoverySchemas].map((schema) => [schema.id, schema])).values()];
  }
}

const typeDocument = (context: ScimContext, type: ResourceType) =>
  resourceTypeResource(type, `${context.baseUrl}/ResourceTypes/${type.name}`);

/** RFC 7644 §4: discovery lists are whole; a filter is refused, everything else of a query ignored. */
const all = (query: Params, resources: object[]) => {
  if (Object.keys(query).some((name) => name.toLowerCase() === 'filter'))
    throw problem(403, 'Discovery endpoints cannot be filtered.');
  return listResponse({ resources, totalResults: resources.length, startIndex: 1, itemsPerPage: resources.length });
};

const found = <T>(value: T | undefined, show: (value: T) => object) => {
  if (value === undefined) throw problem(404, 'There is no such document.');
  return show(value);
};
