import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@tenure/database';
import type { Failure } from '../connector/index.ts';
import { OAuthGrant } from './authorization.entities.ts';

export type GrantTokens = { accessToken: string; refreshToken?: string; expiresAt: number };
export type Renewed = { kind: 'ok'; tokens: GrantTokens } | { kind: 'failed'; failure: Failure };

/** Seals what a row holds. */
export type GrantBox = {
  seal: (value: unknown, boundTo: readonly string[]) => string;
  open: (sealed: string, boundTo: readonly string[]) => unknown;
};

export type GrantsOptions = { database: Database; box: GrantBox };

/** A token is renewed once so much of its life is over. */
const RENEWED_AT = 0.8;
const LEASE_MS = 45_000;
const LOOK_EVERY_MS = 50;
/** After a lost answer the old refresh token is tried for so long: some servers accept it until the new one is used. */
const LOST_FOR_MS = 60_000;

type Kept = { row: OAuthGrant; tokens: GrantTokens };

/**
 * The access that admins granted, shared by all replicas (R97). Renewing is done by one of them, under a lease; the new refresh token is
 * committed before its access token is used, for a token that was rotated and lost would end the grant.
 */
export const oauthGrants = ({ database, box }: GrantsOptions) => {
  const rows = database.repository(OAuthGrant);

  const find = async (secretId: string): Promise<Kept | undefined> => {
    const row = await rows.findOneBy({ secretId });
    return row ? { row, tokens: box.open(row.sealed, [secretId]) as GrantTokens } : undefined;
  };

  const sealed = (secretId: string, tokens: GrantTokens) => ({
    sealed: box.seal(tokens, [secretId]),
    expiresAt: new Date(tokens.expiresAt).toISOString(),
    refreshedAt: new Date().toISOString(),
  });

  const isDue = ({ row }: Kept): boolean => {
    const [from, to] = [Date.parse(row.refreshedAt), Date.parse(row.expiresAt)];
    return Date.now() >= from + (to - from) * RENEWED_AT;
  };

  /** Whether this process renews the grant as it stands at `version`. */
  const lease = async (secretId: string, version: number): Promise<boolean> => {
    const held = await database.query({
      text: `update provisioning.oauth_grants set lease_until = now() + $3 * interval '1 ms'
             where secret_id = $1 and version = $2 and (lease_until is null or lease_until <= now()) returning 1`,
      values: [secretId, version, LEASE_MS],
    });
    return held.length > 0;
  };

  const renew = async (kept: Kept, refresh: (refreshToken: string) => Promise<Renewed>): Promise<Renewed> => {
    const { row, tokens } = kept;
    const { secretId, version } = row;
    if (tokens.refreshToken === undefined)
      return {
        kind: 'failed',
        failure: { kind: 'unauthorized', reason: 'The granted access ended. Authorize again.' },
      };
    const renewed = await refresh(tokens.refreshToken);
    if (renewed.kind === 'ok') {
      await rows.update(
        { secretId, version },
        { ...sealed(secretId, renewed.tokens), version: version + 1, leaseUntil: null, lostAt: null },
      );
      return renewed;
    }
    const { failure } = renewed;
    const isLost = failure.kind === 'unknown';
    await rows.update(
      { secretId, version },
      { leaseUntil: null, ...(isLost && { lostAt: row.lostAt ?? new Date().toISOString() }) },
    );
    if (isLost) return { kind: 'failed', failure: { kind: 'unavailable', reason: failure.reason } };
    const mayRecover =
      failure.kind === 'unauthorized' && row.lostAt !== null && Date.now() - Date.parse(row.lostAt) < LOST_FOR_MS;
    return mayRecover
      ? { kind: 'failed', failure: { kind: 'unavailable', reason: failure.reason, afterMs: 5000 } }
      : renewed;
  };

  return {
    find: async (secretId: string) => (await find(secretId))?.tokens,

    keep: async (tenantId: string, secretId: string, tokens: GrantTokens): Promise<void> => {
      await rows.insert({
        secretId,
        tenantId,
        ...sealed(secretId, tokens),
        version: 1,
        leaseUntil: null,
        lostAt: null,
      });
    },

    /** Forgets a grant; answers its tokens, to be revoked. */
    remove: async (secretId: string): Promise<GrantTokens | undefined> => {
      const kept = await find(secretId);
      await rows.delete({ secretId });
      return kept?.tokens;
    },

    /** An access token that lives; renewed where most of its life is over, or where the app refused it. */
    source: (secretId: string, refresh: (refreshToken: string) => Promise<Renewed>) => {
      let last: { version: number; token: string; until: number } | undefined;

      const accessToken = async ({
        renew: refused,
      }: {
        renew: boolean;
      }): Promise<{ kind: 'ok'; token: string } | { kind: 'failed'; failure: Failure }> => {
        if (last && !refused && Date.now() < last.until) return { kind: 'ok', token: last.token };
        const refusedAt = refused ? last?.version : undefined;
        for (;;) {
          const kept = await find(secretId);
          if (!kept)
            return {
              kind: 'failed',
              failure: { kind: 'unauthorized', reason: 'Access to the app was not granted yet.' },
            };
          const { row, tokens } = kept;
          const use = ({ accessToken: token, expiresAt }: GrantTokens, version: number, since: number) => {
            last = { version, token, until: since + (expiresAt - since) * RENEWED_AT };
            return { kind: 'ok' as const, token };
          };
          if (!isDue(kept) && row.version !== refusedAt) return use(tokens, row.version, Date.parse(row.refreshedAt));
          if (await lease(secretId, row.version)) {
            const renewed = await renew(kept, refresh);
            if (renewed.kind === 'ok') return use(renewed.tokens, row.version + 1, Date.now());
            // What is left of its life is still good.
            const isUsable = !refused && renewed.failure.kind !== 'unauthorized' && tokens.expiresAt > Date.now();
            return isUsable ? { kind: 'ok', token: tokens.accessToken } : renewed;
          }
          // Another replica renews it.
          await sleep(LOOK_EVERY_MS);
        }
      };
      return { accessToken };
    },
  };
};

export type OAuthGrants = ReturnType<typeof oauthGrants>;
