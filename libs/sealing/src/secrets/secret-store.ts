import { randomUUID } from 'node:crypto';
import type { Database } from '@tenure/database';
import { WrongSecretsKey } from '../errors.ts';
import { openJson, sealJson } from '../sealed-json.ts';
import { derivedKey } from '../secrets-key.ts';
import { hintOf } from './hint.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import { checkTokenLength, tokenHashing, type TokenHashing } from './tokens.ts';

export type SecretKind = 'credential' | 'token' | 'admin-key' | 'password';

/** What an event may hold of a secret. */
export type SecretReference = { id: string; hint: string };

export type StoredSecret = { id: string; tenantId: string; kind: SecretKind };

/** How Tenure signs in to an app; which of the three is there depends on the kind. */
export type Credential = Readonly<
  Record<string, unknown> & { kind: string; token?: string; password?: string; clientSecret?: string }
>;

/**
 * Secrets are rows, not events (design, decision 12). A row is written before the event that refers to it; if that event is never
 * appended, `reapUnreferenced` removes the row. Whoever needs the reference earlier makes it (`referenceTo`) and passes its id to `put…`;
 * putting the same id again changes nothing, so that a command can be retried.
 */
export type SecretStore = TokenHashing & {
  putCredential: (tenantId: string, credential: Credential, id?: string) => Promise<SecretReference>;
  getCredential: (id: string) => Promise<Credential | undefined>;
  /** Throws `Rejected` with `token/too-short`. */
  putToken: (tenantId: string, token: string, id?: string) => Promise<SecretReference>;
  /** Throws `Rejected` with `token/too-short`. */
  putAdminKey: (tenantId: string, key: string, id?: string) => Promise<SecretReference>;
  /** Whose event refers to this id is who holds the key. */
  findAdminKey: (tenantId: string, key: string) => Promise<string | undefined>;
  /** False for an id that is not there (any more). Never cached: a deleted token is refused at once. */
  tokenIs: (id: string, token: string) => Promise<boolean>;
  putPassword: (tenantId: string, password: string, id?: string) => Promise<{ id: string }>;
  /** False for an id that is not there (any more). */
  passwordMatches: (id: string, password: string) => Promise<boolean>;
  remove: (id: string) => Promise<void>;
  /** Removes rows older than this (longer than any command may take) of which `referredTo` doesn't return the id. Returns how many. */
  reapUnreferenced: (
    olderThanMs: number,
    referredTo: (secrets: readonly StoredSecret[]) => Promise<ReadonlySet<string>>,
  ) => Promise<number>;
};

export type SecretStoreOptions = { database: Database; schema?: string; secretsKey: Buffer };

type Contents = { ciphertext: string } | { hmac: string } | { hash: string };

const REAPED_AT_ONCE = 500;

const secretIn = ({ token, password, clientSecret }: Credential) => token ?? password ?? clientSecret ?? '';

/** A secret's reference before the secret is kept. */
export const referenceTo = (secret: string | Credential, id: string = randomUUID()): SecretReference => ({
  id,
  hint: hintOf(typeof secret === 'string' ? secret : secretIn(secret)),
});

export const secretStore = ({ database, schema = 'secrets', secretsKey }: SecretStoreOptions): SecretStore => {
  const table = `${schema}.secrets`;
  const credentialsKey = derivedKey(secretsKey, 'credentials');
  const { tokenHmac, tokenMatches } = tokenHashing(secretsKey);

  const put = async ({ id, tenantId, kind }: StoredSecret, contents: Contents, hint?: string) => {
    const [column, content] = Object.entries(contents)[0]!;
    await database.query({
      text: `insert into ${table} (id, tenant_id, kind, ${column}, hint) values ($1, $2, $3, $4, $5) on conflict (id) do nothing`,
      values: [id, tenantId, kind, content, hint],
    });
  };

  const putHmac = (kind: 'token' | 'admin-key') => async (tenantId: string, token: string, id?: string) => {
    checkTokenLength(token);
    const reference = referenceTo(token, id);
    await put({ id: reference.id, tenantId, kind }, { hmac: tokenHmac(token) }, reference.hint);
    return reference;
  };

  const find = async <Row>(id: string, columns: string): Promise<Row | undefined> => {
    const [row] = await database.query<Row>({ text: `select ${columns} from ${table} where id = $1`, values: [id] });
    return row;
  };

  return {
    tokenHmac,
    tokenMatches,
    putCredential: async (tenantId, credential, id) => {
      const reference = referenceTo(credential, id);
      const ciphertext = sealJson(credentialsKey, credential, ['credential', tenantId, reference.id]);
      await put({ id: reference.id, tenantId, kind: 'credential' }, { ciphertext }, reference.hint);
      return reference;
    },
    getCredential: async (id) => {
      const row = await find<{ tenant_id: string; ciphertext: string | null }>(id, 'tenant_id, ciphertext');
      if (!row?.ciphertext) return undefined;
      try {
        return openJson(
          credentialsKey,
          row.ciphertext,
          ['credential', row.tenant_id, id],
          `Credential ${id}`,
        ) as Credential;
      } catch (error) {
        throw new WrongSecretsKey(`Credential ${id}`, error);
      }
    },
    putToken: putHmac('token'),
    putAdminKey: putHmac('admin-key'),
    findAdminKey: async (tenantId, key) => {
      const [row] = await database.query<{ id: string }>({
        name: `${schema}.find-admin-key`,
        text: `select id from ${table} where tenant_id = $1 and hmac = $2 and kind = 'admin-key'`,
        values: [tenantId, tokenHmac(key)],
      });
      return row?.id;
    },
    tokenIs: async (id, token) => {
      const row = await find<{ hmac: string | null }>(id, 'hmac');
      return tokenMatches(row?.hmac ?? '', token);
    },
    putPassword: async (tenantId, password, id = randomUUID()) => {
      await put({ id, tenantId, kind: 'password' }, { hash: await hashPassword(password) });
      return { id };
    },
    passwordMatches: async (id, password) => {
      const row = await find<{ hash: string | null }>(id, 'hash');
      return row?.hash ? verifyPassword(row.hash, password) : false;
    },
    remove: async (id) => void (await database.query({ text: `delete from ${table} where id = $1`, values: [id] })),
    reapUnreferenced: async (olderThanMs, referredTo) => {
      let reaped = 0;
      for (let after: string | null = null; ;) {
        const secrets: StoredSecret[] = await database.query<StoredSecret>({
          text: `select id, tenant_id as "tenantId", kind from ${table}
                 where created_at < now() - make_interval(secs => $1) and ($2::uuid is null or id > $2) order by id limit $3`,
          values: [olderThanMs / 1000, after, REAPED_AT_ONCE],
        });
        if (secrets.length === 0) return reaped;
        after = secrets.at(-1)!.id;
        const referred = await referredTo(secrets);
        const unreferred = secrets.map(({ id }) => id).filter((id) => !referred.has(id));
        await database.query({ text: `delete from ${table} where id = any($1)`, values: [unreferred] });
        reaped += unreferred.length;
      }
    },
  };
};
