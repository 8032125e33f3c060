import { Body, Controller, Get, Header, HttpCode, Inject, Optional, Param, Post, Req, Res } from '@nestjs/common';
import { Rejected, type Caller } from '@tenure/eventing';
import { Answers, CallerOf, Needs } from '@tenure/platform';
import { authorizeBody, authorizeReply, type AuthorizeBody } from '@tenure/provisioning';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { APPS, type Apps } from './mapping-api.ts';

export const PUBLIC_URL = Symbol('public URL');

const CALLBACK = '/mapping/v1/oauth/callback';

const escaped = (text: string) => text.replaceAll(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

/** What the admin sees in the browser: plain, without anything that could be loaded or run. */
const page = (title: string, text: string) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title>` +
  `<meta name="viewport" content="width=device-width"></head><body><h1>${escaped(title)}</h1><p>${escaped(text)}</p></body></html>`;

/** Access to an app that an admin grants on the app's own page (R25, R97). */
@Controller('mapping/v1')
export class AuthorizationController {
  constructor(
    @Inject(APPS) private readonly apps: Apps,
    @Optional() @Inject(PUBLIC_URL) private readonly publicUrl: string | undefined,
  ) {}

  @Post('tenants/:tenantId/apps/:appId/authorize')
  @HttpCode(200)
  @Needs('app_admin')
  @Answers('Where to grant access, within ten minutes', authorizeReply)
  authorize(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: authorizeBody }) body: AuthorizeBody,
    @Req() request: FastifyRequest,
  ) {
    const base = this.publicUrl ?? `${request.protocol}://${request.host}`;
    return this.apps.authorize.begin(caller, appId, body, `${base.replace(/\/+$/, '')}${CALLBACK}`);
  }

  @Get('oauth/callback')
  @Needs('public')
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'")
  @Header('Referrer-Policy', 'no-referrer')
  @Header('Cache-Control', 'no-store')
  @Answers('A page for the admin who came back from the app')
  async callback(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const { searchParams } = new URL(request.url, 'http://callback');
    try {
      const { appName } = await this.apps.authorize.finish(searchParams);
      return page('Access granted', `Tenure can now reach ${appName}. You can close this window.`);
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      reply.status(error.kind === 'not-found' ? 404 : 422);
      return page('Access not granted', error.message);
    }
  }
}
