import { deviceRequests, openSessions, signInLinks, signInThrottle, type DirectoryQueries } from '@tenure/directory';
import { keyHolders, type DirectoryClient, type ProviderSettings, type Runtime } from '@tenure/platform';
import { AUTH, openAuth } from './auth-api.ts';
import { DeviceController, DEVICES, type Devices } from './device.controller.ts';
import { LinksController } from './links.controller.ts';
import { oidcClient } from './oidc-client.ts';
import { ProviderController } from './provider.controller.ts';
import { PROVIDER, providerSignIn } from './provider-sign-in.ts';
import { KEY_HOLDERS, SessionController } from './session.controller.ts';

export const authControllers = [SessionController, LinksController, ProviderController, DeviceController];

type Composed = { queries: DirectoryQueries; commands: DirectoryClient; provider?: ProviderSettings | undefined };

/** Everything below `/auth`: how browsers and command lines sign in (R110). */
export const composeAuth = async (runtime: Runtime, { queries, commands, provider }: Composed) => {
  const { database, secrets, publicUrl, log, metrics, rootKey } = runtime;
  const box = runtime.secretBox('sign-in');
  const sessions = openSessions({ database, hashing: secrets, box });
  const onFailure = (error: unknown) => log.warn({ err: error }, 'A sign-in through the OpenID provider failed');
  // Whoever changes the root key wants those who know the old one to be out.
  await sessions.endOfOtherRoot(rootKey);
  const auth = openAuth({
    sessions,
    open: runtime.sessions,
    links: signInLinks(database, secrets),
    throttle: signInThrottle(database),
    commands,
    publicUrl,
    onAttempt: (method, outcome) => metrics.signIns.inc({ method, outcome }),
    rootKey,
  });
  const client = provider && oidcClient({ ...provider, redirectUri: `${publicUrl!}/auth/callback` }, onFailure);
  const devices: Devices = { requests: deviceRequests(database, secrets), commands, clock: runtime.clock };
  return {
    reap: sessions.reap,
    providers: [
      { provide: AUTH, useValue: auth },
      { provide: DEVICES, useValue: devices },
      { provide: KEY_HOLDERS, useValue: keyHolders({ rootKey, keys: runtime.adminKeys }) },
      {
        provide: PROVIDER,
        useValue: providerSignIn({
          auth,
          client,
          rolesClaim: provider?.rolesClaim ?? 'groups',
          roles: provider?.roles ?? {},
          database,
          sessions,
          queries,
          commands,
          hashing: secrets,
          box,
        }),
      },
    ],
  };
};
