import { describe, expect, it } from '@jest/globals';
import { randomBytes, sign } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';
import { checkpointOf, checkpointText, tlogProof } from './checkpoint.ts';
import { leafHash } from './merkle.ts';
import {
  COSIGNATURE,
  cosignedMessage,
  ED25519,
  keyIdOf,
  noteText,
  parseNote,
  privateKeyOf,
  rawPublicKey,
  signersOf,
  signNote,
  verifierKeyOf,
  verifierKeyText,
  type Signer,
} from './note.ts';

const signerOf = (seed: Buffer): Signer => {
  const key = privateKeyOf(seed);
  return { publicKey: rawPublicKey(key), sign: async (message) => sign(null, message, key) };
};
const origin = 'tenure.example/audit/v1/tenants/acme';
const text = checkpointText({ origin, size: 7, root: leafHash(Buffer.from('x')) });

describe('R84: signed notes', () => {
  it('have the key ids of Go’s note package', () => {
    // From the documentation of golang.org/x/mod/sumdb/note.
    const peter = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
    expect(verifierKeyText(verifierKeyOf(peter))).toBe(peter);
    const note = parseNote(
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
    );
    expect(signersOf(note, [verifierKeyOf(peter)])).toHaveLength(1);
    expect(() => signersOf({ ...note, text: `${note.text}\n` }, [verifierKeyOf(peter)])).toThrow('wrong');
  });

  it('are signed by every key of a rotation, and read by who knows one of them', async () => {
    const [old, young] = [signerOf(randomBytes(32)), signerOf(randomBytes(32))];
    const note = parseNote(noteText(await signNote(text, origin, [young, old])));
    for (const { publicKey } of [old, young]) {
      const key = { name: origin, kind: ED25519, publicKey } as const;
      expect(signersOf(note, [key])).toEqual([key]);
      expect(signersOf(note, [{ ...key, name: 'other' }])).toEqual([]);
      expect(signersOf(note, [{ ...key, publicKey: signerOf(randomBytes(32)).publicKey }])).toEqual([]);
    }
    expect(checkpointOf(note.text)).toEqual({ origin, size: 7, root: leafHash(Buffer.from('x')) });
  });

  it('carry the cosignatures of witnesses, over the time as well', () => {
    const witness = privateKeyOf(randomBytes(32));
    const key = { name: 'witness.example/w1', kind: COSIGNATURE, publicKey: rawPublicKey(witness) } as const;
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(1_679_315_147n);
    const signed = sign(null, cosignedMessage(1_679_315_147n, text), witness);
    const note = {
      text,
      signatures: [{ name: key.name, keyId: keyIdOf(key), signature: Buffer.concat([time, signed]) }],
    };
    expect(signersOf(note, [key])).toEqual([key]);
    expect(cosignedMessage(5n, 'body\n').toString()).toBe('cosignature/v1\ntime 5\nbody\n');
    time.writeBigUInt64BE(1_679_315_148n);
    const later = { text, signatures: [{ ...note.signatures[0]!, signature: Buffer.concat([time, signed]) }] };
    expect(() => signersOf(later, [key])).toThrow('wrong');
  });

  it.each([
    ['without signatures', text],
    ['with CRLF', `${text}\n— a AAAAAAA=\n`.replaceAll('\n', '\r\n')],
    ['with a tab', `a\tb\n\n— a AAAAAAA=\n`],
    ['with a hyphen for a dash', `${text}\n- a AAAAAAA=\n`],
    ['with loose base64', `${text}\n— a AAAAAAB\n`],
    ['without the last newline', `${text}\n— a AAAAAAA=`],
  ])('are refused %s', (_, note) => {
    expect(() => parseNote(note)).toThrow();
  });

  it.each([
    'a+00000000+AAAA',
    'a b+00000000+AA==',
    'PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  ])('have no key %s', (key) => {
    expect(() => verifierKeyOf(key)).toThrow();
  });
});

describe('R84: checkpoints', () => {
  it.each([
    ['a size with a leading zero', text.replace('\n7\n', '\n07\n')],
    ['a short root', text.replace(/[^\n]+\n$/, 'AAAA\n')],
    ['no origin', text.replace(origin, '')],
    ['an empty extension line', `${text}\n`],
  ])('are refused with %s', (_, wrong) => {
    expect(() => checkpointOf(wrong)).toThrow('Not a checkpoint');
  });

  it('may have extension lines of others', () => {
    expect(checkpointOf(`${text}more\n`).size).toBe(7);
  });

  it('stand at the end of a proof', () => {
    expect(tlogProof(3, [leafHash(Buffer.from('s'))], 'NOTE\n')).toMatch(
      /^c2sp.org\/tlog-proof@v1\nindex 3\n[^\n]{44}\n\nNOTE\n$/,
    );
  });
});

describe('R84: canonical JSON', () => {
  it('is that of RFC 8785', () => {
    const sample = {
      numbers: [JSON.parse('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001, -0, 1e2, 2 ** 53 + 1],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(sample)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27,0,100,9007199254740992],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
    // §3.2.3: by UTF-16 units.
    const keys = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    expect(canonicalJson(keys)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"\ud83d\ude00":5,"\ufb33":3}');
  });

  it('is the same for a number however it was written, and however jsonb writes it', () => {
    expect(canonicalJson(JSON.parse('[1e2,-0,9007199254740993,1E+2,100.0]'))).toBe('[100,0,9007199254740992,100,100]');
  });

  it.each([{ a: '\ud800' }, { '\udc00': 1 }, Number.NaN, [undefined], 1n])('does not exist for %p', (value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  });
});
