import { COSIGNATURE, ED25519, verifierKeyOf, type VerifierKey } from './note.ts';

export type PolicyWitness = { name: string; key: VerifierKey; url?: string };
/** C2SP tlog-policy: which logs and witnesses are trusted, and which of the witnesses must have cosigned. */
export type Policy = {
  logs: VerifierKey[];
  witnesses: PolicyWitness[];
  /** Whether these witnesses, by their names in the policy, are enough. */
  isQuorum: (cosigned: ReadonlySet<string>) => boolean;
};

/** Throws with the number of the line that is wrong. */
export const policyOf = (text: string): Policy => {
  const [logs, witnesses]: [VerifierKey[], PolicyWitness[]] = [[], []];
  const rules = new Map<string, Policy['isQuorum']>();
  const grouped = new Set<string>();
  let quorum: Policy['isQuorum'] | undefined;

  const define = (name: string | undefined, rule: Policy['isQuorum']) => {
    if (name === undefined || name === 'none' || rules.has(name))
      throw new Error(`the name ${name} is taken or missing`);
    rules.set(name, rule);
  };
  const key = (vkey: string | undefined, kind: number, taken: readonly VerifierKey[]): VerifierKey => {
    const parsed = verifierKeyOf(vkey ?? '');
    if (parsed.kind !== kind) throw new Error('the key is of another kind');
    if (taken.some(({ publicKey }) => publicKey.equals(parsed.publicKey))) throw new Error('the key comes twice');
    return parsed;
  };
  const group = ([name, threshold, ...members]: readonly string[]) => {
    const parts = members.map((member) => {
      const rule = rules.get(member);
      if (!rule || grouped.has(member)) throw new Error(`${member} is not defined above, or is in a group already`);
      grouped.add(member);
      return rule;
    });
    const least =
      threshold === 'all' ? parts.length : threshold === 'any' ? 1 : Number(/^[1-9]\d*$/.exec(threshold ?? '')?.[0]);
    if (!(least >= 1 && least <= parts.length)) throw new Error('expected all, any or a number of the members');
    define(name, (cosigned) => parts.filter((isMet) => isMet(cosigned)).length >= least);
  };
  const line = ([word, ...rest]: readonly string[]) => {
    const [first, second, third, ...more] = rest;
    const most = { log: 2, witness: 3, quorum: 1 }[word ?? ''];
    if (most !== undefined && rest.length > most) throw new Error(`too many words: ${more.join(' ')}`);
    if (word === 'log') logs.push(key(first, ED25519, logs));
    else if (word === 'witness') {
      const name = first ?? '';
      const parsed = key(
        second,
        COSIGNATURE,
        witnesses.map((witness) => witness.key),
      );
      define(first, (cosigned) => cosigned.has(name));
      witnesses.push({ name, key: parsed, ...(third !== undefined && { url: third.replace(/\/+$/, '') }) });
    } else if (word === 'group') group(rest);
    else if (word === 'quorum') {
      if (quorum) throw new Error('there is a quorum already');
      quorum = first === 'none' ? () => true : rules.get(first ?? '');
      if (!quorum) throw new Error(`${first} is not defined above`);
    } else throw new Error('expected log, witness, group or quorum');
  };

  for (const [at, raw] of text.split('\n').entries()) {
    const words = raw.split(/[ \t]+/).filter((word) => word !== '');
    if (words.length === 0 || words[0]!.startsWith('#')) continue;
    try {
      line(words);
    } catch (error) {
      throw new Error(`Line ${at + 1} of the policy: ${(error as Error).message}.`, { cause: error });
    }
  }
  if (!quorum) throw new Error('The policy has no quorum line.');
  return { logs, witnesses, isQuorum: quorum };
};
