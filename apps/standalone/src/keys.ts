import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Misconfigured } from '@tenure/platform';
import type { Config } from './config.ts';

/** Where the keys of this system are from: the environment, or files that only the owner may read. */
export type Keys = { rootKey: string; rootKeyFrom: string; secretsKey: Buffer; logKeys: readonly Buffer[] };

const ROOT_KEY_FILE = 'root-key';
const SECRETS_KEY_FILE = 'secrets-key';
const LOG_KEY_FILE = 'log-key';

export const readOrMakeKeys = async ({
  TENURE_ROOT_KEY,
  TENURE_SECRETS_KEY,
  TENURE_LOG_KEY,
  TENURE_DATA_DIR,
}: Config): Promise<Keys> => {
  const rootKeyFile = join(TENURE_DATA_DIR, ROOT_KEY_FILE);
  const rootKey = TENURE_ROOT_KEY ?? (await readOrMake(rootKeyFile, () => randomBytes(24).toString('base64url')));
  const secretsKeyFile = join(TENURE_DATA_DIR, SECRETS_KEY_FILE);
  const secretsKey =
    TENURE_SECRETS_KEY ??
    Buffer.from(await readOrMake(secretsKeyFile, () => randomBytes(32).toString('base64')), 'base64');
  if (secretsKey.length !== 32)
    throw new Misconfigured(
      `${secretsKeyFile} does not hold base64 of 32 bytes. Restore it from a backup: without it nobody's data can be read.`,
    );
  const logKeyFile = join(TENURE_DATA_DIR, LOG_KEY_FILE);
  const logKeys =
    TENURE_LOG_KEY.length > 0
      ? TENURE_LOG_KEY
      : [Buffer.from(await readOrMake(logKeyFile, () => randomBytes(32).toString('base64')), 'base64')];
  if (logKeys.some((key) => key.length !== 32))
    throw new Misconfigured(
      `${logKeyFile} does not hold base64 of 32 bytes. Restore it from a backup, or remove it: a new key then signs the audit log, and auditors have to be told.`,
    );
  return {
    rootKey,
    rootKeyFrom: TENURE_ROOT_KEY === undefined ? rootKeyFile : 'TENURE_ROOT_KEY',
    secretsKey,
    logKeys,
  };
};

const readOrMake = async (file: string, make: () => string): Promise<string> => {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, `${make()}\n`, { mode: 0o600, flag: 'wx' });
  return (await readFile(file, 'utf8')).trim();
};
