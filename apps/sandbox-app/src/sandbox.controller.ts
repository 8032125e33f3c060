import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Put,
  Query,
} from '@nestjs/common';
import { z } from 'zod';
import type { Behaviour, Mode } from './behaviour.ts';
import type { Collection } from './accounts.ts';
import { page } from './page.ts';

export const USERS = Symbol('users');
export const GROUPS = Symbol('groups');
export const BEHAVIOUR = Symbol('behaviour');

const SCIM = 'application/scim+json';
type Params = Record<string, string | string[] | undefined>;

/** RFC 7644 for the two types of the sandbox. */
const scimController = (endpoint: string, token: symbol, onDeleted?: (groups: Collection, id: string) => void) => {
  @Controller(`scim/v2/${endpoint}`)
  class ScimController {
    constructor(
      @Inject(token) readonly kept: Collection,
      @Inject(GROUPS) readonly groups: Collection,
    ) {}

    @Get()
    @Header('Content-Type', SCIM)
    list(@Query() query: Params) {
      return this.kept.list(query);
    }

    @Get(':id')
    @Header('Content-Type', SCIM)
    get(@Param('id') id: string, @Query() _query: Params) {
      return this.kept.get(id);
    }

    @Post()
    @Header('Content-Type', SCIM)
    create(@Body() body: unknown) {
      return this.kept.create(body);
    }

    @Patch(':id')
    @Header('Content-Type', SCIM)
    patch(@Param('id') id: string, @Body() body: unknown) {
      return this.kept.patch(id, body);
    }

    @Delete(':id')
    @HttpCode(204)
    delete(@Param('id') id: string) {
      this.kept.delete(id);
      onDeleted?.(this.groups, id);
    }
  }
  return ScimController;
};

export const SandboxUsersController = scimController('Users', USERS, (groups, id) => groups.dropMember(id));
export const SandboxGroupsController = scimController('Groups', GROUPS);

const modeSchema = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('ok') }),
  z.strictObject({ mode: z.literal('fail'), status: z.int().min(400).max(599).default(503) }),
  z.strictObject({ mode: z.literal('slow'), delayMs: z.int().min(0).max(120_000) }),
]);

/** What a person and the demo see and switch. */
@Controller()
export class SandboxController {
  constructor(
    @Inject(USERS) private readonly users: Collection,
    @Inject(GROUPS) private readonly groups: Collection,
    @Inject(BEHAVIOUR) private readonly behaviour: Behaviour,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  page() {
    return page(this.users.all(), this.groups.all(), this.behaviour.asked(), this.behaviour.mode());
  }

  @Get('state')
  state() {
    return {
      mode: this.behaviour.mode(),
      users: this.users.all(),
      groups: this.groups.all(),
      requests: this.behaviour.asked(),
    };
  }

  @Put('mode')
  setMode(@Body({ schema: modeSchema }) mode: Mode) {
    this.behaviour.set(mode);
    return mode;
  }
}
