import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { join } from 'node:path';

const run = promisify(execFile);
const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A certificate authority of one server's own (`ca.pem`) and, signed by it, a certificate for localhost and 127.0.0.1. */
export const makeCertificates = async (dir) => {
  const at = (name) => join(dir, name);
  const openssl = (...args) => run('openssl', args, { cwd: dir });
  const authority = ['-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=Tenure test CA', '-days', '2'];
  await openssl('req', '-x509', ...key, ...authority);
  const signed = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-keyout', at('server.key'), '-out', at('server.pem')];
  const names = [
    '-addext',
    'subjectAltName=DNS:localhost,IP:127.0.0.1',
    '-addext',
    'basicConstraints=critical,CA:FALSE',
  ];
  await openssl('req', '-x509', ...key, ...signed, '-days', '2', '-subj', '/CN=localhost', ...names);
};
