import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { COSIGNATURE, ED25519, verifierKeyText, type KeyKind } from './note.ts';
import { policyOf } from './policy.ts';
import { seedSigner } from './signing-keys.ts';

const key = (name: string, kind: KeyKind = COSIGNATURE) =>
  verifierKeyText({ name, kind, publicKey: seedSigner(createHash('sha256').update(name).digest()).publicKey });

describe('R84: a policy of witnesses', () => {
  const example = `
# The example of C2SP tlog-policy.
log ${key('example.com/log', ED25519)} https://example.com/log
witness X1 ${key('x1')} https://x1.example/
witness X2 ${key('x2')}
witness X3\t${key('x3')}
group X-witnesses 2 X1 X2 X3
witness Y1 ${key('y1')}
witness Y2 ${key('y2')}
  group Y-witnesses any Y1 Y2
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
`;

  it.each([
    [['X1', 'X2', 'Y1'], true],
    [['X1', 'X3', 'Y1', 'Y2'], true],
    [['X1', 'Y1', 'Y2'], false],
    [['X1', 'X2', 'X3'], false],
    [[], false],
  ])('says of %p whether they are enough: %p', (cosigned, enough) => {
    const policy = policyOf(example);
    expect(policy.isQuorum(new Set(cosigned))).toBe(enough);
    expect(policy.witnesses.map(({ name, url }) => [name, url])[0]).toEqual(['X1', 'https://x1.example']);
    expect(policy.logs).toHaveLength(1);
  });

  it('may ask for no witness', () => {
    expect(policyOf('quorum none\n').isQuorum(new Set())).toBe(true);
  });

  it.each([
    ['no quorum', `witness a ${key('a')}\n`],
    ['two of them', 'quorum none\nquorum none\n'],
    ['a name that comes later', `quorum a\nwitness a ${key('a')}\n`],
    ['a name twice', `witness a ${key('a')}\nwitness a ${key('b')}\nquorum a\n`],
    ['a key twice', `witness a ${key('a')}\nwitness b ${key('a')}\nquorum a\n`],
    ['a log’s key for a witness', `witness a ${key('a', ED25519)}\nquorum a\n`],
    ['a threshold above its members', `witness a ${key('a')}\ngroup g 2 a\nquorum g\n`],
    ['a member in two groups', `witness a ${key('a')}\ngroup g any a\ngroup h any a\nquorum h\n`],
    ['none in a group', 'group g any none\nquorum g\n'],
    ['an unknown word', 'witnes a b\nquorum none\n'],
    ['too many words', 'quorum none none\n'],
  ])('is refused with %s', (_, text) => {
    expect(() => policyOf(text)).toThrow(/policy/);
  });
});
