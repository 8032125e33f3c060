import 'reflect-metadata';
import { DIRECTORY_VIEW } from '@tenure/directory';
import { forPeople, openFrontDoor, stopOnSignals } from '@tenure/platform';
import { askForSignInLink } from './ask-for-sign-in-link.ts';
import { readConfig } from './config.ts';
import { openOwnDatabase } from './database.ts';
import { makeDemoTenant } from './first-run.ts';
import { greeting } from './greeting.ts';
import { readOrMakeKeys } from './keys.ts';
import { startSystem } from './system.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);

try {
  const config = readConfig();
  const door = await openFrontDoor(config.TENURE_PORT);
  const database = await openOwnDatabase(config, say);
  try {
    const keys = await readOrMakeKeys(config);
    const { runtime, app, url } = await startSystem(config, keys, database.url, { door });
    stopOnSignals(app, runtime, database.release);
    const local = (await app.getUrl()).replace('0.0.0.0', '127.0.0.1');
    const hasTenants = async () =>
      (await runtime.database.query(`select 1 from ${DIRECTORY_VIEW}.tenants limit 1`)).length > 0;
    const demo = await makeDemoTenant(local, keys.rootKey, hasTenants);
    // Browsers keep the cookie of a session for localhost, and for https.
    const onThisMachine = `http://localhost:${new URL(local).port}`;
    const signIn =
      config.TENURE_OIDC_ISSUER === undefined
        ? (await askForSignInLink(onThisMachine, keys.rootKey)).url
        : `${config.TENURE_PUBLIC_URL}/auth/login`;
    say(
      greeting({
        url,
        where: database.where,
        rootKeyFrom: keys.rootKeyFrom,
        signIn,
        clock: config.TENURE_CLOCK.kind,
        ...(demo && { demo }),
      }),
    );
  } catch (error) {
    await database.release();
    throw error;
  }
} catch (error) {
  process.stderr.write(`${forPeople(error)}\n`);
  process.exit(1);
}
