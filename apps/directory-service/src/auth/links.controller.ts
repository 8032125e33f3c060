import { Body, Controller, Inject, Post, Req } from '@nestjs/common';
import { ADMIN_VIEW, Answers, Needs } from '@tenure/platform';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AUTH, type Auth } from './auth-api.ts';

const linkBody = z.strictObject({ email: z.string().max(254).optional() });
const linkReply = z.object({ url: z.string(), expiresAt: z.string() });

/** Links that sign in once, for whoever holds the root key: before there is an OpenID provider, and when it fails (R110). */
@Controller('auth/links')
export class LinksController {
  constructor(@Inject(AUTH) private readonly auth: Auth) {}

  @Post()
  @Needs('root')
  @Answers(
    'A link that signs in once within 15 minutes: the admin with the address, else the first super admin',
    linkReply,
  )
  async create(@Body({ schema: linkBody }) { email }: z.output<typeof linkBody>, @Req() request: FastifyRequest) {
    const { links } = this.auth;
    const whom = await (email === undefined ? links.firstAdmin(ADMIN_VIEW) : links.adminWith(ADMIN_VIEW, email));
    const { code, expiresAt } = await links.create(whom);
    return { url: `${this.auth.origin(request)}/auth/start?code=${code}`, expiresAt };
  }
}
