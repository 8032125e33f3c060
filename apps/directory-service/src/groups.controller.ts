import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import {
  historyReply,
  historyRequest,
  jsonObject,
  listReply,
  searchText,
  type HistoryRequest,
} from '@tenure/contracts';
import { presentedGroup, type GroupRecord, type PastGroup } from '@tenure/directory';
import { Rejected } from '@tenure/eventing';
import { Answers, versionTag } from '@tenure/platform';
import type { JsonObject } from '@tenure/scim';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { DIRECTORY, type DirectoryApi } from './directory-api.ts';
import { nextCursorOf, pageKeyIn } from './page-cursor.ts';
import { instant } from './users.ts';

const groupReply = z.object({
  id: z.string(),
  version: z.int(),
  connectionId: z.string(),
  resource: jsonObject,
  createdAt: z.string(),
  updatedAt: z.string(),
  asOf: z.string().optional(),
});

const withMembers = z.stringbool({ error: 'expected true or false' }).default(false);
const groupRequest = z.strictObject({ members: withMembers, asOf: instant.optional() });
const groupListRequest = z.strictObject({
  search: searchText.optional(),
  members: withMembers,
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(1000).optional(),
});

const shown = (group: GroupRecord | PastGroup, members: readonly JsonObject[] = []) => ({
  id: group.id,
  version: group.revision,
  connectionId: group.connectionId,
  resource: presentedGroup(group, members),
  createdAt: group.createdAt,
  updatedAt: group.lastModified,
});

/** Groups of a tenant, for admins: read here, written by the connections that own them. */
@Controller('directory/v1/tenants/:tenantId/groups')
export class GroupsController {
  constructor(@Inject(DIRECTORY) private readonly directory: DirectoryApi) {}

  @Get()
  @Answers('Groups', listReply(groupReply))
  async list(
    @Param('tenantId') tenantId: string,
    @Query({ schema: groupListRequest }) { members, limit, cursor, search }: z.output<typeof groupListRequest>,
  ) {
    const page = { count: limit, withTotal: false, ...(cursor !== undefined && { after: pageKeyIn(cursor) }) };
    const { items, next } = await this.directory.queries.groups.list(
      tenantId,
      {},
      { page },
      search === undefined ? {} : { search },
    );
    return {
      items: await Promise.all(items.map((group) => this.withMembers(tenantId, group, members))),
      ...(next && { nextCursor: nextCursorOf(next) }),
    };
  }

  @Get(':id')
  @Answers('A group, now or as of an instant', groupReply)
  async get(
    @Param('tenantId') tenantId: string,
    @Param('id') id: string,
    @Query({ schema: groupRequest }) { members, asOf }: z.output<typeof groupRequest>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (asOf !== undefined) {
      const then = await this.directory.groupHistory.asOf(tenantId, id, asOf, { members });
      return { ...shown(then, then.members), asOf };
    }
    const group = await this.directory.queries.groups.get(tenantId, {}, id);
    if (!group) throw new Rejected('not-found', 'group/unknown', 'There is no such group.');
    reply.header('etag', versionTag(group.revision));
    return this.withMembers(tenantId, group, members);
  }

  @Get(':id/history')
  @Answers('What happened to a group, oldest first', historyReply)
  async history(
    @Param('tenantId') tenantId: string,
    @Param('id') id: string,
    @Query({ schema: historyRequest }) page: HistoryRequest,
  ) {
    const { items, nextAfter } = await this.directory.groupHistory.history(tenantId, id, page);
    return { items, ...(nextAfter !== undefined && { nextCursor: String(nextAfter) }) };
  }

  private async withMembers(tenantId: string, group: GroupRecord, wanted: boolean) {
    return shown(group, wanted ? (await this.directory.queries.groups.membersOf(tenantId, {}, group.id)).members : []);
  }
}
