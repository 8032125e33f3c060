import { randomUUID } from 'node:crypto';
import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Put, Res } from '@nestjs/common';
import {
  DefineResourceType,
  DefineSchema,
  DeleteResourceType,
  DeleteSchema,
  listReply,
  resourceTypeBody,
  resourceTypeReply,
  schemaBody,
  schemaReply,
  type OwnResourceType,
} from '@tenure/contracts';
import { Rejected, type Caller } from '@tenure/eventing';
import { Answers, CallerOf, ifMatchOf, Needs, versionTag } from '@tenure/platform';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { DIRECTORY, type DirectoryApi } from './directory-api.ts';

type Versioned = { version: number };

/** The path names what is put; a body may repeat it. */
const refuseOther = (field: 'id' | 'name', inPath: string, inBody: string | undefined): void => {
  if (inBody !== undefined && inBody.toLowerCase() !== inPath.toLowerCase())
    throw new Rejected('invalid', 'request/path-differs', `${field}: Must match the path.`, [
      { field, message: 'Must match the path.' },
    ]);
};

const shownType = ({ id: _, ...type }: OwnResourceType & Versioned) => type;

/** A tenant's own schemas (RFC 7643 §7) and resource types (§6), R71. All of them share one version. */
@Controller('directory/v1/tenants/:tenantId')
export class SchemasController {
  constructor(@Inject(DIRECTORY) private readonly directory: DirectoryApi) {}

  @Get('schemas')
  @Answers("The tenant's own schemas (R71)", listReply(schemaReply))
  async schemas(@Param('tenantId') tenantId: string) {
    return { items: await this.directory.queries.schemas.schemas(tenantId) };
  }

  @Get('schemas/:urn')
  @Answers("A schema of the tenant's own", schemaReply)
  async schema(
    @Param('tenantId') tenantId: string,
    @Param('urn') urn: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return versioned(await this.directory.queries.schemas.schema(tenantId, urn), reply);
  }

  @Put('schemas/:urn')
  @Needs('admin')
  @Answers('The schema, defined', schemaReply)
  async defineSchema(
    @CallerOf() caller: Caller,
    @Param('urn') urn: string,
    @Body({ schema: schemaBody }) body: z.output<typeof schemaBody>,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { id, name, description, attributes } = body;
    refuseOther('id', urn, id);
    const schema = { id: urn, name, description, attributes };
    return versioned(
      await this.directory.commands.send(DefineSchema, caller, caller.tenantId, {
        schema,
        ifMatch: ifMatchOf(ifMatch),
      }),
      reply,
    );
  }

  @Delete('schemas/:urn')
  @HttpCode(204)
  @Needs('admin')
  @Answers('The schema is gone')
  async deleteSchema(
    @CallerOf() caller: Caller,
    @Param('urn') urn: string,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    await this.directory.commands.send(DeleteSchema, caller, caller.tenantId, {
      schemaId: urn,
      ifMatch: ifMatchOf(ifMatch),
    });
  }

  @Get('resource-types')
  @Answers('Resource types: users, groups, the tenant’s own (R71)', listReply(resourceTypeReply))
  async resourceTypes(@Param('tenantId') tenantId: string) {
    return { items: (await this.directory.queries.schemas.resourceTypes(tenantId)).map(shownType) };
  }

  @Get('resource-types/:name')
  @Answers('A resource type', resourceTypeReply)
  async resourceType(
    @Param('tenantId') tenantId: string,
    @Param('name') name: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return versioned(shownType(await this.directory.queries.schemas.resourceType(tenantId, name)), reply);
  }

  @Put('resource-types/:name')
  @Needs('admin')
  @Answers('The resource type, defined; of User and Group their extensions', resourceTypeReply)
  async defineType(
    @CallerOf() caller: Caller,
    @Param('name') named: string,
    @Body({ schema: resourceTypeBody }) body: z.output<typeof resourceTypeBody>,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { name, description, endpoint, schema, schemaExtensions } = body;
    refuseOther('name', named, name);
    const resourceType = { id: randomUUID(), name: named, description, endpoint, schema, schemaExtensions };
    return versioned(
      await this.directory.commands.send(DefineResourceType, caller, caller.tenantId, {
        resourceType,
        ifMatch: ifMatchOf(ifMatch),
      }),
      reply,
    );
  }

  @Delete('resource-types/:name')
  @HttpCode(204)
  @Needs('admin')
  @Answers('The resource type is gone; of User and Group their own extensions')
  async deleteType(
    @CallerOf() caller: Caller,
    @Param('name') name: string,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    await this.directory.commands.send(DeleteResourceType, caller, caller.tenantId, {
      name,
      ifMatch: ifMatchOf(ifMatch),
    });
  }
}

const versioned = <T extends Versioned>(answer: T, reply: FastifyReply): T => {
  reply.header('etag', versionTag(answer.version));
  return answer;
};
