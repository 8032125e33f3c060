import 'reflect-metadata';
import { Misconfigured } from '@tenure/platform';
import { readConfig } from './config.ts';
import { readOrMakeKeys } from './keys.ts';
import { askForSignInLink } from './ask-for-sign-in-link.ts';

/** `node dist/sign-in-link.js [ADDRESS]`, while the system runs: prints a link that signs in once, the admin with the address or the first super admin. */
try {
  const config = readConfig();
  const { rootKey } = await readOrMakeKeys(config);
  const baseUrl = config.TENURE_PUBLIC_URL ?? `http://localhost:${config.TENURE_PORT}`;
  const { url, expiresAt } = await askForSignInLink(baseUrl, rootKey, process.argv[2]);
  process.stdout.write(`${url}\nIt works once, until ${expiresAt}.\n`);
} catch (error) {
  const known = error instanceof Misconfigured;
  const isDown = (error as { cause?: { code?: string } }).cause?.code === 'ECONNREFUSED';
  const message = isDown ? 'Tenure does not run here. Start it first: npm start' : (error as Error).message;
  process.stderr.write(`${known || isDown ? message : (error as Error).stack}\n`);
  process.exit(1);
}
