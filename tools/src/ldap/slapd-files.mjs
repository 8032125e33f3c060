import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDir } from '../servers/cache-dir.mjs';

const run = promisify(execFile);
const installed = '/';
const unpacked = () => join(cacheDir(), 'openldap');

/** Debian's layout, below `/` or below the folder that its packages were unpacked into. */
const filesBelow = (root) => {
  const lib = join(root, 'usr/lib');
  const libraries = existsSync(lib) ? readdirSync(lib).filter((name) => name.includes('-linux-gnu')) : [];
  return {
    slapd: join(root, 'usr/sbin/slapd'),
    // `slapadd` is the same program by another name; Debian's is a link with an absolute target.
    modules: join(lib, 'ldap'),
    schemas: join(root, 'etc/ldap/schema'),
    environment: root === installed ? {} : { LD_LIBRARY_PATH: libraries.map((name) => join(lib, name)).join(':') },
  };
};

const isComplete = ({ slapd, modules, schemas }) =>
  existsSync(slapd) && existsSync(join(modules, 'memberof.so')) && existsSync(join(schemas, 'msuser.schema'));

const existingFiles = () => [installed, unpacked()].map(filesBelow).find(isComplete);

const has = (command) =>
  run('sh', ['-c', `command -v ${command}`]).then(
    () => true,
    () => false,
  );

/** Why OpenLDAP can't be started on this machine, as a sentence; undefined when it can. */
export const whyNoSlapd = async () => {
  if (!(await has('openssl'))) return 'openssl is not installed; it makes the server’s certificate.';
  if (existingFiles()) return undefined;
  if ((await has('apt-get')) && (await has('dpkg'))) return undefined;
  return 'slapd is not installed, and without apt-get it can’t be downloaded.';
};

const simulated = () => run('apt-get', ['install', '-s', '--no-install-recommends', 'slapd']);

/** The packages that slapd needs here beside those that are installed. */
const packages = async () => {
  const { stdout } = await simulated().catch(async (error) => {
    // A fresh container has no package lists yet.
    if (process.getuid?.() !== 0) throw error;
    await run('apt-get', ['update', '-qq']);
    return simulated();
  });
  return [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
};

/** Unpacked into the cache and not installed: no service starts, and nobody's machine changes. */
const download = async (say) => {
  const target = unpacked();
  await mkdir(cacheDir(), { recursive: true });
  say(`downloading OpenLDAP's packages once, into ${target} …`);
  const partial = await mkdtemp(join(cacheDir(), 'openldap.partial-'));
  const debs = join(partial, 'debs');
  const root = join(partial, 'root');
  try {
    await mkdir(debs);
    const names = await packages();
    const fetching = () => run('apt-get', ['-o', 'APT::Sandbox::User=root', 'download', ...names], { cwd: debs });
    await fetching().catch(async (error) => {
      // Lists that are too old name versions that are gone.
      if (process.getuid?.() !== 0) throw error;
      await run('apt-get', ['update', '-qq']);
      await fetching();
    });
    for (const deb of await readdir(debs)) await run('dpkg', ['-x', join(debs, deb), root]);
    // Another run may have been faster; an incomplete folder of old is replaced.
    if (!isComplete(filesBelow(target))) {
      await rm(target, { recursive: true, force: true });
      await rename(root, target);
    }
  } catch (error) {
    if (!isComplete(filesBelow(target)))
      throw new Error(`OpenLDAP could not be downloaded with apt-get:\n${error.stderr || error.message}`, {
        cause: error,
      });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return filesBelow(target);
};

/** Where slapd, its modules and schemas are: installed, or downloaded into the cache the first time. */
export const slapdFiles = async (say) => existingFiles() ?? download(say);
