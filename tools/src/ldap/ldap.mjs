import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startServer, untilItAnswers } from '../servers/child.mjs';
import { freePort } from '../servers/ports.mjs';
import { makeCertificates } from './certificate.mjs';
import { slapdFiles, whyNoSlapd } from './slapd-files.mjs';
import { accounts, adSchema, firstEntries, slapdConf, suffix } from './slapd-settings.mjs';

const run = promisify(execFile);

/** Why no LDAP server can be started on this machine; undefined when one can. */
export const whyNoLdap = whyNoSlapd;

const listens = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/**
 * Starts one OpenLDAP server on 127.0.0.1, by ldap:// (with StartTLS) and by ldaps://. `stop`, `kill` and `start` keep ports and data;
 * `close` ends it with its data.
 */
export const startLdap = async ({ say = () => {} } = {}) => {
  const lacking = await whyNoLdap();
  if (lacking) throw new Error(`OpenLDAP can't be started. ${lacking}`);
  const files = await slapdFiles(say);
  const dir = await mkdtemp(join(tmpdir(), 'tenure-ldap-'));
  const [port, securePort] = [await freePort(), await freePort()];
  const conf = join(dir, 'slapd.conf');
  const logFile = join(dir, 'slapd.log');
  const env = { ...process.env, ...files.environment };

  const prepare = async () => {
    await mkdir(join(dir, 'data'));
    await makeCertificates(dir);
    await writeFile(join(dir, 'msuser.schema'), adSchema(await readFile(join(files.schemas, 'msuser.schema'), 'utf8')));
    await writeFile(conf, slapdConf(files, dir));
    await writeFile(join(dir, 'first.ldif'), firstEntries);
    await run(files.slapd, ['-Tadd', '-q', '-f', conf, '-l', join(dir, 'first.ldif')], { env });
  };
  await prepare().catch(async (error) => {
    await rm(dir, { recursive: true, force: true });
    throw new Error(`OpenLDAP could not be set up in ${dir}:\n${error.stderr || error.message}`, { cause: error });
  });

  let server;
  const start = async () => {
    if (server && server.exit() === undefined) return;
    const urls = `ldap://127.0.0.1:${port}/ ldaps://127.0.0.1:${securePort}/`;
    // With -d it stays in the foreground.
    server = await startServer(files.slapd, ['-d', '0', '-f', conf, '-h', urls], {
      logFile,
      cwd: dir,
      env,
      temporaryDir: dir,
    });
    await untilItAnswers('OpenLDAP', server, logFile, () => listens(port));
  };
  const stop = async () => server.stop('SIGTERM');
  const kill = async () => server.stop('SIGKILL');
  const close = async () => {
    await kill();
    await rm(dir, { recursive: true, force: true });
  };

  say(`starting OpenLDAP on 127.0.0.1:${port} (ldap) and 127.0.0.1:${securePort} (ldaps), log in ${logFile} …`);
  await start();
  return {
    url: `ldap://127.0.0.1:${port}`,
    ldapsUrl: `ldaps://127.0.0.1:${securePort}`,
    caFile: join(dir, 'ca.pem'),
    suffix,
    accounts,
    start,
    stop,
    kill,
    close,
  };
};
