import { readFileSync } from 'node:fs';
import {
  logQueries,
  openInstallation,
  policyOf,
  seedSigner,
  startLogKeeper,
  witnessClient,
  type LogDamaged,
  type Policy,
} from '@tenure/audit';
import { accountEvents, resourceEvents, userEvents } from '@tenure/contracts';
import { Misconfigured, type Runtime } from '@tenure/platform';
import type { Log } from './log.controller.ts';

export type LogOptions = {
  publicUrl?: string;
  /** Seeds of Ed25519 keys: today's, then former ones that still sign. */
  logKeys: readonly Buffer[];
  /** A file of C2SP tlog-policy: which witnesses are asked, and how many of them are enough. */
  witnessPolicy?: string;
};

const readPolicy = (file: string): Policy => {
  try {
    return policyOf(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Misconfigured(`TENURE_WITNESS_POLICY: ${(error as Error).message}`);
  }
};

/** Composes the logs on a runtime: who keeps, signs and anchors them, and what they answer. */
export const openLog = async (runtime: Runtime, schema: string, options: LogOptions): Promise<Log> => {
  const { database, leases, sealer, log, metrics, closing, readiness, onScrape } = runtime;
  const { publicUrl, logKeys, witnessPolicy } = options;
  const [first, ...former] = logKeys.map(seedSigner);
  if (!first) throw new Misconfigured('TENURE_LOG_KEY is required: base64 of 32 bytes, from openssl rand -base64 32');
  const installation = await openInstallation(database, schema, {
    ...(publicUrl !== undefined && { publicUrl }),
    signers: [first, ...former],
  });
  const witnesses =
    witnessPolicy === undefined
      ? undefined
      : witnessClient({ database, installation, policy: readPolicy(witnessPolicy) });

  // What was damaged in the last whole pass, so that each damage is logged once.
  let damaged = new Map<string, string>();
  let found = new Map<string, string>();
  const onDamage = (error: LogDamaged) => {
    found.set(error.log, error.problem);
    if (damaged.get(error.log) !== error.problem)
      log.error({ log: error.log }, `${error.message} No further checkpoint of it is signed; run check-ledger.`);
  };
  const afterwards = async () => {
    [damaged, found] = [found, new Map()];
    const { problems } = (await witnesses?.run()) ?? { problems: [] };
    for (const { name, problem } of problems) log.warn({ witness: name }, `A witness did not cosign: ${problem}`);
  };
  const keeper = startLogKeeper({
    database,
    installation,
    leases,
    onDamage,
    afterwards,
    onFailure: (error) => log.warn({ err: error }, 'The audit log could not be kept; trying again'),
  });
  closing.push(keeper.stop);
  readiness.push({
    name: 'audit log',
    check: () => Promise.resolve(undefined),
    note: async () => (damaged.size === 0 ? undefined : `damaged: ${[...damaged.keys()].join(', ')}`),
  });
  onScrape.push(async () => {
    const [row] = await database.query<{ count: number }>(
      `select count(*) from ${schema}.ledger where conflict is not null`,
    );
    metrics.ledgerConflicts.set(row!.count);
    metrics.damagedLogs.set(damaged.size);
    const quorumAt = await witnesses?.lastQuorum();
    if (witnesses) metrics.witnessAge.set(quorumAt === undefined ? Infinity : (Date.now() - quorumAt) / 1000);
  });
  return {
    queries: logQueries(database, installation),
    exports: { database, installation, sealer, events: [...userEvents, ...accountEvents, ...resourceEvents] },
    wake: keeper.wake,
  };
};
