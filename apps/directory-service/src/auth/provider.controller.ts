import { Body, Controller, Get, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { Answers, Needs, Route } from '@tenure/platform';
import { Rejected } from '@tenure/eventing';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AUTH, type Auth } from './auth-api.ts';
import { html, sendPage } from './pages.ts';
import { orPage } from './page-errors.ts';
import { NoRole, PROVIDER, type ProviderSignIn } from './provider-sign-in.ts';

const loginQuery = z.object({ returnTo: z.string().max(2000).optional(), tenant: z.string().max(100).optional() });
const logoutToken = z.object({ logout_token: z.string().max(20_000) });

/** Sign-in through the OpenID provider, and its word that somebody signed out there (R110). */
@Controller('auth')
@Needs('public')
@Route({ form: true })
export class ProviderController {
  constructor(
    @Inject(AUTH) private readonly auth: Auth,
    @Inject(PROVIDER) private readonly provider: ProviderSignIn,
  ) {}

  @Get('login')
  @HttpCode(302)
  @Answers('On to the OpenID provider; of several tenants the one that is named')
  login(
    @Query({ schema: loginQuery }) { returnTo, tenant }: z.output<typeof loginQuery>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return orPage(request, reply, () =>
      this.auth.attempt(
        request,
        'provider-begin',
        async () => {
          const url = await this.provider.begin(reply, returnTo, tenant);
          reply.status(302).header('location', url.href).header('cache-control', 'no-store');
          return '';
        },
        { foreign: true },
      ),
    );
  }

  @Get('callback')
  @HttpCode(303)
  @Answers('Back from the OpenID provider, signed in; else a page that says why not')
  callback(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const { searchParams } = new URL(request.url, 'http://callback');
    return orPage(request, reply, async () => {
      try {
        const returnTo = await this.auth.attempt(
          request,
          'provider',
          () => this.provider.finish(request, reply, searchParams),
          { foreign: true },
        );
        reply.status(303).header('location', returnTo).header('cache-control', 'no-store');
        return '';
      } catch (error) {
        if (error instanceof NoRole) return noRolePage(reply, error);
        throw error;
      }
    });
  }

  /** OpenID Connect Back-Channel Logout 1.0 §2.8. */
  @Post('backchannel')
  @HttpCode(200)
  @Answers('The sessions that the logout token names have ended')
  async backchannel(
    @Body({ schema: logoutToken }) { logout_token: token }: z.output<typeof logoutToken>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    // Not throttled: a provider that signs out many at once sends them all from one address.
    reply.header('cache-control', 'no-store');
    try {
      await this.provider.backchannel(request, token);
      return '';
    } catch (error) {
      if (error instanceof Rejected && error.kind !== 'unavailable') throw error;
      reply.status(400);
      return { error: 'invalid_request', error_description: (error as Error).message };
    }
  }
}

const noRolePage = (reply: FastifyReply, { claim, found: { found, isOverage } }: NoRole) => {
  const values = (found ?? []).slice(0, 50).map((value) => html`<li><bdi>${value.slice(0, 200)}</bdi></li>`);
  const what =
    found === undefined
      ? html`<p>The ID token has no claim <bdi>${claim}</bdi>.</p>`
      : html`<p>
            The claim <bdi>${claim}</bdi> of the ID token has these values, and none of them is in TENURE_OIDC_ROLES:
          </p>
          <ul>
            ${values}
          </ul>`;
  const overage = isOverage
    ? html`<p>
        The provider left it out because you are in too many groups. Use app roles, or groups assigned to the
        application.
      </p>`
    : '';
  return sendPage(reply, {
    title: 'You have no role in Tenure',
    body: html`${what}${overage}
      <p>An admin of the provider can give you a role, or the operator of Tenure can map one of these values.</p>
      <p><small>Code: sign-in/no-role</small></p>
      <p><a href="/auth">Back to signing in</a></p>`,
    status: 403,
  });
};
