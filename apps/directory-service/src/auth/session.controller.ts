import { Body, Controller, Get, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import {
  Answers,
  Needs,
  refuseForeignOrigin,
  Route,
  SESSION_COOKIE,
  setCookie,
  type KeyHolder,
  type OpenSession,
} from '@tenure/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { DIRECTORY, type DirectoryApi } from '../directory-api.ts';
import { AUTH, type Auth } from './auth-api.ts';
import { localPath } from './local-path.ts';
import { buttonForm, html, sendPage, type Html } from './pages.ts';
import { orPage, wantsJson } from './page-errors.ts';
import { PROVIDER, type ProviderSignIn } from './provider-sign-in.ts';

export const KEY_HOLDERS = Symbol('key holders');

const showQuery = z.object({ returnTo: z.string().max(2000).optional() });
const startQuery = z.object({ code: z.string().max(200).default(''), returnTo: z.string().max(2000).optional() });
const startBody = z.strictObject({ code: z.string().max(200), returnTo: z.string().max(2000).optional() });
const keyBody = z.strictObject({ key: z.string().trim().max(500), returnTo: z.string().max(2000).optional() });
const logoutBody = z.strictObject({ everywhere: z.union([z.boolean(), z.literal('true')]).default(false) });
const signedOutReply = z.object({
  /** Where to go to be signed out by the OpenID provider too. */
  providerUrl: z.string().optional(),
});

/** Sessions of browsers: how they start without a provider, who is signed in, and how they end (R110). */
@Controller('auth')
@Needs('public')
@Route({ form: true })
export class SessionController {
  constructor(
    @Inject(AUTH) private readonly auth: Auth,
    @Inject(DIRECTORY) private readonly directory: DirectoryApi,
    @Inject(KEY_HOLDERS) private readonly holderOf: (key: string) => Promise<KeyHolder>,
    @Inject(PROVIDER) private readonly provider: ProviderSignIn,
  ) {}

  @Get()
  @Answers('A page that says who is signed in, or offers to')
  async show(
    @Query({ schema: showQuery }) { returnTo }: z.output<typeof showQuery>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const session = await this.auth.current(request);
    return session ? this.signedInPage(reply, session) : this.signedOutPage(reply, localPath(returnTo));
  }

  @Get('start')
  @Answers('A page with a button that redeems the code of a sign-in link')
  askToStart(
    @Query({ schema: startQuery }) query: z.output<typeof startQuery>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { code, returnTo } = query;
    const fields = { code, ...(returnTo !== undefined && { returnTo }) };
    return sendPage(reply, {
      title: 'Sign in to Tenure',
      body: html`<p>This link signs you in once.</p>
        ${buttonForm('/auth/start', 'Sign in', fields)}`,
    });
  }

  @Post('start')
  @HttpCode(303)
  @Answers('Signed in; the link is used up')
  start(
    @Body({ schema: startBody }) { code, returnTo }: z.output<typeof startBody>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return orPage(request, reply, async () => {
      await this.auth.attempt(request, 'link', async () => {
        const whom = await this.auth.links.redeem(code);
        const who = whom === 'root' ? { tenantId: null, role: 'root' } : whom;
        await this.auth.signIn(request, reply, { ...who, method: 'link' });
      });
      return this.goTo(request, reply, returnTo);
    });
  }

  @Post('key')
  @HttpCode(303)
  @Answers('Signed in with the rights of a key, for as long as the key works')
  withKey(
    @Body({ schema: keyBody }) { key, returnTo }: z.output<typeof keyBody>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return orPage(request, reply, async () => {
      await this.auth.attempt(request, 'key', async () => {
        const { role, key: held } = await this.holderOf(key);
        const who = held
          ? { tenantId: held.tenantId, adminId: held.adminId, keyId: held.keyId }
          : { tenantId: null, role };
        await this.auth.signIn(request, reply, { ...who, method: 'key' });
      });
      return this.goTo(request, reply, returnTo);
    });
  }

  @Post('logout')
  @HttpCode(200)
  @Answers('Signed out, on every service at once', signedOutReply)
  logout(
    @Body({ schema: logoutBody.default({ everywhere: false }) }) { everywhere }: z.output<typeof logoutBody>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return orPage(request, reply, async () => {
      refuseForeignOrigin(request, this.auth.publicUrl);
      const session = await this.auth.current(request);
      const providerUrl = session && (await this.provider.logoutUrl(session.id));
      if (session) await this.endSessions(request, session, everywhere !== false);
      reply.header('set-cookie', setCookie(SESSION_COOKIE, '', 0));
      if (wantsJson(request)) return { ...(providerUrl !== undefined && { providerUrl }) };
      reply.status(303).header('location', providerUrl ?? '/auth');
      return '';
    });
  }

  private async endSessions(request: FastifyRequest, session: OpenSession, everywhere: boolean) {
    const { id, key } = session;
    if (!everywhere) return this.auth.end(request, { id }, 'signed-out');
    const whose = { tenantId: key?.tenantId ?? null, adminId: key?.adminId ?? null, keyId: key?.keyId ?? null };
    return this.auth.end(request, whose, 'signed-out-everywhere');
  }

  private goTo(request: FastifyRequest, reply: FastifyReply, returnTo: string | undefined) {
    if (wantsJson(request)) {
      reply.status(200);
      return { returnTo: localPath(returnTo) };
    }
    reply.status(303).header('location', localPath(returnTo));
    return '';
  }

  private async signedInPage(reply: FastifyReply, { role, key }: OpenSession) {
    const where = key && (await this.directory.queries.tenants.get(key.tenantId)).name;
    const name = await this.nameOf(key);
    return sendPage(reply, {
      title: 'You are signed in',
      body: html`<p>
          Signed in${name === undefined ? '' : html` as <bdi>${name}</bdi>`}, with the role
          <bdi>${role}</bdi>${where === undefined ? '' : html` in <bdi>${where}</bdi>`}.
        </p>
        ${buttonForm('/auth/logout', 'Sign out')}
        ${buttonForm('/auth/logout', 'Sign out everywhere', { everywhere: 'true' }, true)}`,
      leadsTo: await this.provider.endSessionEndpoint(),
    });
  }

  private async nameOf(key: OpenSession['key']): Promise<string | undefined> {
    if (!key) return undefined;
    const { admins, keys } = this.directory.queries;
    if (key.adminId !== undefined) return (await admins.nameOf(key.tenantId, key.adminId)).name;
    return (await keys.get(key.tenantId, key.keyId!)).name;
  }

  private signedOutPage(reply: FastifyReply, returnTo: string) {
    const withProvider: Html[] = this.provider.isConfigured
      ? [html`<p><a href="/auth/login?returnTo=${encodeURIComponent(returnTo)}">Sign in with your provider</a></p>`]
      : [];
    return sendPage(reply, {
      title: 'Sign in to Tenure',
      body: html`${withProvider}
        <form method="post" action="/auth/key">
          <input type="hidden" name="returnTo" value="${returnTo}" />
          <label>API key<input type="password" name="key" autocomplete="off" required /></label>
          <button>Sign in with a key</button>
        </form>`,
    });
  }
}
