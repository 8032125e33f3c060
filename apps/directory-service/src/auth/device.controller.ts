import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { AddKey } from '@tenure/contracts';
import type { Approver, DeviceRequests } from '@tenure/directory';
import { Rejected, storableText, type Clock } from '@tenure/eventing';
import { Answers, Needs, Route, type DirectoryClient, type OpenSession } from '@tenure/platform';
import { generateToken } from '@tenure/sealing';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AUTH, type Auth } from './auth-api.ts';
import { html, sendPage } from './pages.ts';
import { orPage } from './page-errors.ts';

export const DEVICES = Symbol('devices');
export type Devices = { requests: DeviceRequests; commands: DirectoryClient; clock: Clock };

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const KEY_LIFE_S = 30 * 24 * 3600;

const code = z.string().trim().max(20);
const deviceBody = z.object({ client_id: z.string().max(100), client_name: z.string().max(100).optional() });
const deviceReply = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.string(),
  verification_uri_complete: z.string(),
  expires_in: z.int(),
  interval: z.int(),
});
const tokenBody = z.object({
  grant_type: z.string().max(100),
  device_code: z.string().max(200),
  client_id: z.string().max(100).optional(),
});
const tokenReply = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int(),
  /** The tenant that the key is of, and its id there, to delete it by. */
  tenant: z.string(),
  key_id: z.string(),
});
const approveQuery = z.object({ user_code: code.optional() });
const approveBody = z.strictObject({ user_code: code, decision: z.enum(['approve', 'deny']) });

/** The device grant that Tenure serves itself, so that a command line signs in through whatever a browser does (RFC 8628, R110). */
@Controller('auth/device')
@Needs('public')
@Route({ form: true })
export class DeviceController {
  constructor(
    @Inject(AUTH) private readonly auth: Auth,
    @Inject(DEVICES) private readonly devices: Devices,
  ) {}

  @Post()
  @HttpCode(200)
  @Answers('Codes for the command line and for the person at it', deviceReply)
  begin(
    @Body({ schema: deviceBody }) { client_id: clientId, client_name: name }: z.output<typeof deviceBody>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.output<typeof deviceReply>> {
    reply.header('cache-control', 'no-store');
    return this.auth.attempt(
      request,
      'device-begin',
      async () => {
        const begun = await this.devices.requests.begin(storableText(name ?? clientId));
        const page = `${this.auth.origin(request)}/auth/device/approve`;
        return {
          device_code: begun.deviceCode,
          user_code: begun.userCode,
          verification_uri: page,
          verification_uri_complete: `${page}?user_code=${begun.userCode}`,
          expires_in: begun.expiresIn,
          interval: begun.interval,
        };
      },
      { foreign: true },
    );
  }

  @Post('token')
  @HttpCode(200)
  @Answers('A key of 30 days that acts for the admin who approved it', tokenReply)
  async token(
    @Body({ schema: tokenBody }) { grant_type: grant, device_code: deviceCode }: z.output<typeof tokenBody>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.output<typeof tokenReply> | { error: string }> {
    reply.header('cache-control', 'no-store');
    const answer =
      grant === GRANT ? await this.devices.requests.poll(deviceCode) : ({ kind: 'unsupported_grant_type' } as const);
    if (answer.kind === 'approved') return this.keyFor(request, answer.approver, answer.clientName);
    // RFC 6749 §5.2.
    reply.status(400);
    return { error: answer.kind };
  }

  private async keyFor(request: FastifyRequest, approver: Approver, clientName: string) {
    const { tenantId, adminId, role, consumerMail } = approver;
    const { commands, clock } = this.devices;
    const key = generateToken();
    const expiresAt = new Date(Date.parse(await clock.now()) + KEY_LIFE_S * 1000).toISOString();
    const caller = this.auth.callerFor(request, tenantId, { kind: 'admin', id: adminId });
    const wanted = { name: clientName, role, expiresAt, key, consumerMail, adminId };
    const { id } = await commands.send(AddKey, caller, randomUUID(), wanted);
    return { access_token: key, token_type: 'Bearer' as const, expires_in: KEY_LIFE_S, tenant: tenantId, key_id: id };
  }

  @Get('approve')
  @Answers('A page on which an admin who is signed in approves a command line')
  ask(
    @Query({ schema: approveQuery }) { user_code: given }: z.output<typeof approveQuery>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return orPage(request, reply, async () => {
      const session = await this.auth.current(request);
      if (!session) {
        const here = `/auth/device/approve${given === undefined ? '' : `?user_code=${encodeURIComponent(given)}`}`;
        reply.status(302).header('location', `/auth?returnTo=${encodeURIComponent(here)}`);
        return '';
      }
      approverOf(session);
      return askPage(reply, given);
    });
  }

  @Post('approve')
  @HttpCode(200)
  @Answers('A page that says what was decided')
  decide(
    @Body({ schema: approveBody }) { user_code: given, decision }: z.output<typeof approveBody>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return orPage(request, reply, () =>
      this.auth.attempt(request, 'device', async () => {
        const session = await this.auth.current(request);
        if (!session) throw new Rejected('unauthenticated', 'session/ended', 'The session has ended. Sign in again.');
        const approver = approverOf(session);
        const { clientName } = await this.devices.requests.asking(given);
        await this.devices.requests.decide(given, decision === 'approve' ? approver : undefined);
        return sendPage(reply, {
          title: decision === 'approve' ? 'The command line is signed in' : 'Nothing was signed in',
          body: html`<p>
            <bdi>${clientName}</bdi>
            ${decision === 'approve' ? 'acts for you now. You can close this window.' : 'was refused.'}
          </p>`,
        });
      }),
    );
  }
}

/** Only an admin can be acted for: neither the root key nor a key for machines. */
const approverOf = ({ role, key }: OpenSession): Approver => {
  if (key?.adminId === undefined || role === 'root')
    throw new Rejected('forbidden', 'device/not-an-admin', 'Sign in as an admin to sign in a command line.');
  const { tenantId, adminId, consumerMail } = key;
  return { tenantId, adminId, role, consumerMail };
};

const askPage = (reply: FastifyReply, given = '') =>
  sendPage(reply, {
    title: 'Sign in a command line?',
    body: html`<p>
        It will act for you, with your role, for 30 days. Approve only a code that you see in your own terminal.
      </p>
      <form method="post" action="/auth/device/approve">
        <label
          >Code<input name="user_code" value="${given}" autocomplete="off" autocapitalize="characters" required
        /></label>
        <button name="decision" value="approve">Approve</button>
        <button name="decision" value="deny" class="quiet">Deny</button>
      </form>`,
  });
