import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';
import { limited } from './limited.ts';

type Cost = { log2N: number; r: number; p: number };

/** One of the costs that OWASP's cheat sheet on storing passwords gives as equal; this one takes 32 MiB while it runs. */
const COST: Cost = { log2N: 15, r: 8, p: 3 };
const HASH_BYTES = 32;
const SALT_BYTES = 16;
/** Two of libuv's four threads, which files and name look-ups need too. */
const AT_ONCE = 2;

const inTurn = limited(AT_ONCE);

/** As RFC 8265 §4.2.2 (OpaqueString) prepares passwords: any space is a space, and NFC, so that each keyboard gives the same. */
const prepared = (password: string) => password.replace(/\p{Zs}/gu, ' ').normalize('NFC');

const derive = (password: string, salt: Buffer, { log2N, r, p }: Cost): Promise<Buffer> => {
  const N = 2 ** log2N;
  const options: ScryptOptions = { N, r, p, maxmem: 256 * N * r };
  return inTurn(
    () =>
      new Promise<Buffer>((resolve, reject) => {
        scrypt(prepared(password), salt, HASH_BYTES, options, (error, hash) => (error ? reject(error) : resolve(hash)));
      }),
  );
};

const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');

/** In the PHC string format, so that a later cost can stand beside today's. */
export const hashPassword = async (password: string): Promise<string> => {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, COST);
  return `$scrypt$ln=${COST.log2N},r=${COST.r},p=${COST.p}$${base64(salt)}$${base64(hash)}`;
};

const PHC = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

export const verifyPassword = async (stored: string, password: string): Promise<boolean> => {
  const [, log2N, r, p, salt, hash] = PHC.exec(stored) ?? [];
  if (!hash) throw new Error('A stored password hash is not in the format it was written in.');
  const expected = Buffer.from(hash, 'base64');
  const given = await derive(password, Buffer.from(salt!, 'base64'), {
    log2N: Number(log2N),
    r: Number(r),
    p: Number(p),
  });
  return expected.length === given.length && timingSafeEqual(expected, given);
};
