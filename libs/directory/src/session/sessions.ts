import { randomBytes, randomUUID } from 'node:crypto';
import type { SignInMethod } from '@tenure/contracts';
import type { Database } from '@tenure/database';
import type { SecretBox, TokenHashing } from '@tenure/sealing';
import { Session } from './session.entities.ts';

const LIFE_MS = 8 * 3_600_000;

/** Who signed in: an admin, a key for machines, or, where the tenant is null, whoever holds the root key. */
export type SignedInAs = {
  tenantId: string | null;
  adminId?: string | undefined;
  keyId?: string | undefined;
  /** Where it isn't the admin's or the key's own. */
  role?: string;
  consumerMail?: boolean;
  method: SignInMethod;
  /** Of a session of the root key: the key that counts when it starts. */
  rootKey?: string | undefined;
  provider?: { issuer: string; subject: string; session?: string; idToken: string };
};

/** A session that was ended, for the audit and for the provider. */
export type EndedSession = { id: string; tenantId: string | null; adminId: string | null; keyId: string | null };

/** Which sessions to end. */
export type SessionsOf =
  | { id: string }
  | { tenantId: string | null; adminId: string | null; keyId: string | null }
  | { issuer: string; subject?: string; providerSession?: string };

export type SessionsDeps = { database: Database; hashing: Pick<TokenHashing, 'tokenHmac'>; box: SecretBox };

/** Sessions of browsers: made and ended here, looked up by the guard of every service. */
export const openSessions = ({ database, hashing: { tokenHmac }, box }: SessionsDeps) => {
  const rows = database.repository(Session);

  /** Which root key a session is of, without telling it. */
  const rootMark = (rootKey: string | undefined) => tokenHmac(`root ${rootKey ?? ''}`);

  return {
    /** A new id and a new token each time: none that a browser brought along is ever taken over. */
    start: async ({ tenantId, provider, rootKey, ...who }: SignedInAs): Promise<{ id: string; token: string }> => {
      const [id, token] = [randomUUID(), randomBytes(32).toString('base64url')];
      const now = Date.now();
      await rows.insert({
        id,
        hmac: tokenHmac(token),
        tenantId,
        adminId: who.adminId ?? null,
        keyId: who.keyId ?? null,
        role: who.role ?? null,
        consumerMail: who.consumerMail ?? false,
        method: who.method,
        issuer: provider?.issuer ?? null,
        subject: provider?.subject ?? (tenantId === null ? rootMark(rootKey) : null),
        providerSession: provider?.session ?? null,
        idToken: provider ? box.seal(provider.idToken, [id]) : null,
        createdAt: new Date(now).toISOString(),
        expiresAt: new Date(now + LIFE_MS).toISOString(),
        usedAt: new Date(now).toISOString(),
      });
      return { id, token };
    },

    /** Ends them at once, on every service. */
    end: async (which: SessionsOf): Promise<EndedSession[]> => {
      const [where, values] = conditionOf(which);
      return database.query<EndedSession>({
        text: `delete from sign_in.sessions where ${where} returning id, tenant_id as "tenantId", admin_id as "adminId", key_id as "keyId"`,
        values,
      });
    },

    /** Ends sessions of a root key that counts no more. */
    endOfOtherRoot: async (rootKey: string | undefined): Promise<void> => {
      const text = `delete from sign_in.sessions where tenant_id is null and subject is distinct from $1`;
      await database.query({ text, values: [rootMark(rootKey)] });
    },

    /** The ID token with which the provider was asked to let them in, where it was one. */
    idTokenOf: async (id: string): Promise<string | undefined> => {
      const row = await rows.findOneBy({ id });
      return row?.idToken ? (box.open(row.idToken, [id]) as string) : undefined;
    },

    /** Removes what is over, so that the tables stay small. */
    reap: async (): Promise<void> => {
      for (const table of ['sessions', 'links', 'device_requests', 'used_tokens'])
        await database.query(`delete from sign_in.${table} where expires_at < now() - interval '1 day'`);
      await database.query(`delete from sign_in.tries where since < now() - interval '1 day'`);
    },
  };
};

export type Sessions = ReturnType<typeof openSessions>;

const conditionOf = (which: SessionsOf): [where: string, values: unknown[]] => {
  if ('id' in which) return ['id = $1', [which.id]];
  if ('issuer' in which) {
    const { issuer, subject, providerSession } = which;
    return [
      'issuer = $1 and ($2::text is null or subject = $2) and ($3::text is null or provider_session = $3)',
      [issuer, subject ?? null, providerSession ?? null],
    ];
  }
  return [
    'tenant_id is not distinct from $1 and admin_id is not distinct from $2 and key_id is not distinct from $3',
    [which.tenantId, which.adminId, which.keyId],
  ];
};
