import { randomUUID } from 'node:crypto';
import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import {
  CreateUser,
  DeleteUser,
  EnsureUser,
  historyReply,
  historyRequest,
  listReply,
  PatchUser,
  ReplaceUser,
  type HistoryRequest,
} from '@tenure/contracts';
import { jitBody, jitReply, signInBody, signInReply } from '@tenure/directory';
import type { Caller } from '@tenure/eventing';
import { Answers, CallerOf, ifMatchOf, Needs, versionTag } from '@tenure/platform';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { DIRECTORY, type DirectoryApi } from './directory-api.ts';
import {
  asOfRequest,
  mergeOperations,
  readUserBody,
  shownErased,
  shownUser,
  unknownUser,
  userBody,
  userChangeBody,
  userListRequest,
  userReply,
  userSearch,
  type UserListRequest,
} from './users.ts';

/** The people of a tenant, for admins: the review list, local edits, history (R15, R16, R80). */
@Controller('directory/v1/tenants/:tenantId')
export class UsersController {
  constructor(@Inject(DIRECTORY) private readonly directory: DirectoryApi) {}

  @Get('users')
  @Answers('Users, with their type and state', listReply(userReply))
  async list(@Param('tenantId') tenantId: string, @Query({ schema: userListRequest }) query: UserListRequest) {
    return userSearch(this.directory.queries.users, tenantId, await this.userType(tenantId), query);
  }

  @Post('users')
  @Needs('admin')
  @Answers('A new user, unmanaged', userReply)
  async create(
    @CallerOf() caller: Caller,
    @Body({ schema: userBody }) body: z.output<typeof userBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { resource } = readUserBody(await this.userType(caller.tenantId), body.resource);
    const created = await this.directory.commands.send(CreateUser, caller, randomUUID(), { resource });
    reply.headers({
      location: `/directory/v1/tenants/${caller.tenantId}/users/${created.id}`,
      etag: versionTag(created.revision),
    });
    return shownUser(created);
  }

  @Get('users/:id')
  @Answers('A user, now or as of an instant', userReply)
  async get(
    @Param('tenantId') tenantId: string,
    @Param('id') id: string,
    @Query({ schema: asOfRequest }) { asOf }: { asOf?: string },
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (asOf !== undefined) {
      const then = await this.directory.userHistory.asOf(tenantId, id, asOf);
      return 'erased' in then ? shownErased(then, asOf) : { ...shownUser(then), asOf };
    }
    const user = await this.directory.queries.users.get(tenantId, { kind: 'admin' }, id);
    if (!user) throw unknownUser();
    reply.header('etag', versionTag(user.revision));
    return shownUser(user);
  }

  @Put('users/:id')
  @Needs('admin')
  @Answers('The user, replaced', userReply)
  async replace(
    @CallerOf() caller: Caller,
    @Param('id') id: string,
    @Body({ schema: userBody }) body: z.output<typeof userBody>,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    const { resource, cleared } = readUserBody(await this.userType(caller.tenantId), body.resource);
    return shownUser(
      await this.directory.commands.send(ReplaceUser, caller, id, { resource, cleared, ifMatch: ifMatchOf(ifMatch) }),
    );
  }

  @Patch('users/:id')
  @Needs('admin')
  @Answers('The user, with these attributes changed', userReply)
  async patch(
    @CallerOf() caller: Caller,
    @Param('id') id: string,
    @Body({ schema: userChangeBody }) { resource = {}, accountType }: z.output<typeof userChangeBody>,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    const operations = mergeOperations(await this.userType(caller.tenantId), resource);
    return shownUser(
      await this.directory.commands.send(PatchUser, caller, id, {
        operations,
        ...(accountType && { accountType }),
        ifMatch: ifMatchOf(ifMatch),
      }),
    );
  }

  @Delete('users/:id')
  @HttpCode(204)
  @Needs('admin')
  @Answers('The user is gone')
  async remove(@CallerOf() caller: Caller, @Param('id') id: string, @Headers('if-match') ifMatch: string | undefined) {
    await this.directory.commands.send(DeleteUser, caller, id, { ifMatch: ifMatchOf(ifMatch) });
  }

  @Get('users/:id/history')
  @Answers('What happened to a user, oldest first', historyReply)
  history(
    @Param('tenantId') tenantId: string,
    @Param('id') id: string,
    @Query({ schema: historyRequest }) page: HistoryRequest,
  ) {
    return this.directory.userHistory
      .history(tenantId, id, page)
      .then(({ items, nextAfter }) => ({ items, ...(nextAfter !== undefined && { nextCursor: String(nextAfter) }) }));
  }

  @Post('sign-in')
  @HttpCode(200)
  @Needs('admin')
  @Answers('Whether a person may sign in (R17)', signInReply)
  signIn(@Param('tenantId') tenantId: string, @Body({ schema: signInBody }) body: z.output<typeof signInBody>) {
    return this.directory.signIn(tenantId, body);
  }

  @Post('jit')
  @Needs('admin')
  @Answers('The person of a first sign-in (R23): 201 where it was created, else 200', jitReply)
  async jit(
    @CallerOf() caller: Caller,
    @Body({ schema: jitBody }) body: z.output<typeof jitBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { commands, queries } = this.directory;
    const payload = await queries.jitUser(caller.tenantId, body);
    const ensured = await commands.send(EnsureUser, caller, randomUUID(), payload);
    reply.status(ensured.created ? 201 : 200);
    if (ensured.created) reply.header('location', `/directory/v1/tenants/${caller.tenantId}/users/${ensured.id}`);
    return ensured;
  }

  /** What a user is in this tenant (R71). */
  private async userType(tenantId: string) {
    return (await this.directory.queries.types.now(tenantId)).user.type;
  }
}
