import type { Database } from '@tenure/database';
import { originOf, type Installation } from './installation.ts';
import { ANCHOR } from './log.migrations.ts';
import { consistencyProof, type Hash } from './merkle.ts';
import { keyIdOf, parseNote, signatureLine, signaturesOf, signersOf, type NoteSignature } from './note.ts';
import type { Policy, PolicyWitness } from './policy.ts';
import { lastCheckpoint, type StoredCheckpoint } from './sign.ts';
import { subtreesOf } from './tile-store.ts';

export type WitnessAnswer =
  | { kind: 'cosigned'; lines: string }
  /** The size that the witness has seen last. */
  | { kind: 'at'; size: number }
  | { kind: 'refused'; reason: string };

/** Hands a checkpoint to a witness (C2SP tlog-witness). */
export type AskWitness = (url: string, old: number, proof: readonly Hash[], note: string) => Promise<WitnessAnswer>;

const TIME_OUT_MS = 10_000;
const LARGEST_ANSWER = 64 * 1024;

export const askWitness: AskWitness = async (url, old, proof, note) => {
  const lines = proof.map((hash) => `${hash.toString('base64')}\n`).join('');
  const response = await fetch(`${url}/add-checkpoint`, {
    method: 'POST',
    body: `old ${old}\n${lines}\n${note}`,
    redirect: 'error',
    signal: AbortSignal.timeout(TIME_OUT_MS),
  });
  const text = (await response.text()).slice(0, LARGEST_ANSWER);
  if (response.status === 200) return { kind: 'cosigned', lines: text };
  if (response.status === 409 && /^(0|[1-9]\d{0,15})\n$/.test(text)) return { kind: 'at', size: Number(text) };
  return { kind: 'refused', reason: `HTTP ${response.status}` };
};

type Reachable = PolicyWitness & { url: string };
type Witnessed = { witness: Reachable; size?: number; signature?: NoteSignature; problem?: string };

export type WitnessOptions = { database: Database; installation: Installation; policy: Policy; ask?: AskWitness };

const ONE_DAY_MS = 86_400_000;
/** A witness that didn't cosign is asked again after this. */
const AGAIN_AFTER_MS = 60_000;

/** Shows the newest checkpoint of the anchor log to every witness of the policy that hasn't cosigned it, and once a day again. */
export const witnessClient = ({ database, installation, policy, ask = askWitness }: WitnessOptions) => {
  const { schema } = installation;
  const table = { schema, log: ANCHOR };
  const reachable = policy.witnesses.filter((witness): witness is Reachable => witness.url !== undefined);
  const triedAt = new Map<string, number>();

  const knownSize = async ({ key }: Reachable): Promise<number> => {
    const [row] = await database.query<{ size: number }>({
      text: `select size from ${schema}.log_witnesses where public_key = $1`,
      values: [key.publicKey],
    });
    return row?.size ?? 0;
  };

  const proofFrom = (old: number, { size }: StoredCheckpoint) =>
    consistencyProof(subtreesOf(database, table, size), old, size);

  const cosign = async (witness: Reachable, checkpoint: StoredCheckpoint): Promise<Witnessed> => {
    const known = Math.min(await knownSize(witness), checkpoint.size);
    let answer = await ask(witness.url, known, await proofFrom(known, checkpoint), checkpoint.note);
    if (answer.kind === 'at' && answer.size <= checkpoint.size && answer.size !== known)
      answer = await ask(witness.url, answer.size, await proofFrom(answer.size, checkpoint), checkpoint.note);
    switch (answer.kind) {
      case 'at':
        return {
          witness,
          problem: `It has seen a log of ${answer.size} leaves that ours of ${checkpoint.size} doesn't follow from.`,
        };
      case 'refused':
        return { witness, problem: answer.reason };
      case 'cosigned': {
        const { text } = parseNote(checkpoint.note);
        const signatures = signaturesOf(answer.lines).filter(({ keyId }) => keyId.equals(keyIdOf(witness.key)));
        if (signersOf({ text, signatures }, [witness.key]).length === 0)
          return { witness, problem: 'It answered without a cosignature of its key.' };
        return { witness, size: checkpoint.size, signature: signatures[0]! };
      }
    }
  };

  const keep = async (checkpoint: StoredCheckpoint, results: readonly Witnessed[]) => {
    const given = results.flatMap(({ signature }) => (signature ? [signature] : []));
    const isReplaced = (line: NoteSignature) =>
      given.some(({ keyId, name }) => name === line.name && keyId.equals(line.keyId));
    const before = checkpoint.cosignatures === '' ? [] : signaturesOf(checkpoint.cosignatures);
    const lines = [...before.filter((line) => !isReplaced(line)), ...given].map(signatureLine).join('');
    await database.transaction(async (sql) => {
      await sql.query({
        text: `update ${schema}.log_checkpoints set cosignatures = $3 where log = $1 and size = $2`,
        values: [ANCHOR, checkpoint.size, lines],
      });
      for (const { witness, size, problem } of results)
        await sql.query({
          text: `insert into ${schema}.log_witnesses as w (public_key, size, cosigned_at, problem)
                 values ($1, coalesce($2, 0), case when $2::bigint is not null then now() end, $3)
                 on conflict (public_key) do update set size = coalesce($2, w.size), cosigned_at = coalesce(excluded.cosigned_at, w.cosigned_at), problem = $3`,
          values: [witness.key.publicKey, size ?? null, problem ?? null],
        });
    });
  };

  /** When each witness of the policy cosigned a checkpoint, in ms since the epoch. */
  const cosignedAt = ({ note, cosignatures }: StoredCheckpoint): Map<string, number> => {
    const { text } = parseNote(note);
    const signatures = cosignatures === '' ? [] : signaturesOf(cosignatures);
    const times = policy.witnesses.map(({ name, key }): [string, number] | undefined => {
      const own = signatures.filter((each) => each.name === key.name && each.keyId.equals(keyIdOf(key)));
      if (signersOf({ text, signatures: own }, [key]).length === 0) return undefined;
      return [name, Number(own[0]!.signature.readBigUInt64BE()) * 1000];
    });
    return new Map(times.filter((time) => time !== undefined));
  };

  /** The latest time since when enough of them have cosigned. */
  const quorumTime = (times: Map<string, number>): number | undefined => {
    const cosigned = new Set<string>();
    for (const [name, time] of [...times].sort(([, a], [, b]) => b - a)) {
      cosigned.add(name);
      if (policy.isQuorum(cosigned)) return time;
    }
    return undefined;
  };

  const isStale = async ({ key }: Reachable) => {
    const [row] = await database.query<{ cosigned_at: string | null }>({
      text: `select cosigned_at from ${schema}.log_witnesses where public_key = $1`,
      values: [key.publicKey],
    });
    return !row?.cosigned_at || Date.now() - Date.parse(row.cosigned_at) > ONE_DAY_MS;
  };

  return {
    origin: originOf(installation, ANCHOR),
    /** Returns what went wrong, by the witnesses' names. */
    run: async (): Promise<{ asked: number; problems: { name: string; problem: string }[] }> => {
      const checkpoint = await lastCheckpoint(database, schema, ANCHOR);
      if (!checkpoint || reachable.length === 0) return { asked: 0, problems: [] };
      const cosigned = cosignedAt(checkpoint);
      const asked: Reachable[] = [];
      for (const witness of reachable) {
        const isPaused = Date.now() - (triedAt.get(witness.name) ?? 0) < AGAIN_AFTER_MS;
        if (!isPaused && (!cosigned.has(witness.name) || (await isStale(witness)))) asked.push(witness);
      }
      if (asked.length === 0) return { asked: 0, problems: [] };
      const results = await Promise.all(
        asked.map((witness) =>
          cosign(witness, checkpoint).catch((error: Error): Witnessed => ({ witness, problem: error.message })),
        ),
      );
      await keep(checkpoint, results);
      const problems = results.flatMap(({ witness: { name }, problem }) =>
        problem === undefined ? [] : [{ name, problem }],
      );
      for (const { name } of problems) triedAt.set(name, Date.now());
      return { asked: asked.length, problems };
    },
    /** When enough witnesses last cosigned, in ms since the epoch. */
    lastQuorum: async (): Promise<number | undefined> => {
      const rows = await database.query<StoredCheckpoint>({
        text: `select size, root, note, signed_at, anchor_index, cosignatures from ${schema}.log_checkpoints
               where log = $1 and cosignatures <> '' order by size desc limit 20`,
        values: [ANCHOR],
      });
      return rows.map((row) => quorumTime(cosignedAt(row))).find((time) => time !== undefined);
    },
  };
};
export type WitnessClient = ReturnType<typeof witnessClient>;
