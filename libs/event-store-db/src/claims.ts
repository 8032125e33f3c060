import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { jsonEvent, NO_STREAM, type RecordedEvent } from '@eventstore/db-client';
import {
  CLAIM_FORFEITED,
  AppendTooLarge,
  ClaimTaken,
  StaleStream,
  streamParts,
  type Append,
  type Metadata,
  type NewEvent,
} from '@tenure/eventing';
import { Conflict, type Connection, type Deadline, type LogRevision } from './connection.ts';
import { claimsOf, toEventData } from './envelope.ts';

type Answer<T> = (write: Append, deadline: Deadline) => Promise<T>;

export type Claims = {
  /** Takes the claims, appends by `appendEvents`, releases. Throws `ClaimTaken` and whatever `appendEvents` throws. */
  appendHolding: <T>(
    write: Append,
    appendEvents: Answer<T>,
    findRepeated: Answer<T | undefined>,
    deadline: Deadline,
  ) => Promise<T>;
};

/** A claim as it stands: who may append an event that takes it, or has. */
type Claim = { name: string; revision: LogRevision; holder: string | undefined };
type Taken = { claim: Claim; before: Claim };

const PAGE = 200;
/** How long a claim whose holder does not hold it is left to a writer that may be about to append. */
const GRACE_MS = 1000;
const POLL_MS = 20;
const TIDIED_AT = 10n;

const claimStream = (name: string) => `claims-${name}`;

/**
 * Claims on a store without appends to several streams (design, decision 2). A stream's fold is what counts: it holds a claim when the last
 * of its events that names the claim takes it. The claim's own stream says who may take it next, and keeps this true:
 * *whoever's fold holds a claim is the holder in the claim's stream*. Hence
 * - every writer writes the claim before its event, even where its own stream is the holder already: whoever wants to free
 *   the claim does so on condition of the revision it saw, and so never from under a later writer;
 * - a claim is freed after the event that releases it, on condition of the revision that it had before that event;
 * - a claim is taken from a holder whose fold doesn't hold it by appending `ClaimForfeited` to the holder's stream first. That makes an
 *   append that is still on its way stale. Only then is the claim written, on condition of the revision seen before all that.
 * A crash anywhere leaves a claim whose holder doesn't hold it, or nothing.
 */
export const claimsOn = (connection: Connection, graceMs = GRACE_MS): Claims => {
  const readClaim = async (name: string, deadline: Deadline): Promise<Claim> => {
    const [last] = await connection.read(claimStream(name), { maxCount: 1, backwards: true }, deadline);
    return {
      name,
      revision: last?.revision ?? NO_STREAM,
      holder: (last?.data as { holder?: string } | undefined)?.holder,
    };
  };

  /** Throws `Conflict` where the claim has moved on. */
  const writeClaim = async (
    { name, revision }: Claim,
    holder: string | undefined,
    deadline: Deadline,
  ): Promise<Claim> => {
    const event =
      holder === undefined
        ? jsonEvent({ type: 'ClaimFreed', data: {} })
        : jsonEvent({ type: 'ClaimHeld', data: { holder } });
    const written = await connection.append(claimStream(name), revision, [event], deadline);
    // Most claims are written once. Only of those that move often the old events are worth an append that lets a scavenge remove them.
    if (written.revision === TIDIED_AT) connection.keepLastOnly(claimStream(name)).catch(() => undefined);
    return { name, revision: written.revision, holder };
  };

  /** Whether the holder's events, all of them, add up to holding the claim; and where its stream stands. */
  const foldOf = async (
    holder: string,
    name: string,
    deadline: Deadline,
  ): Promise<{ holds: boolean; head: RecordedEvent | undefined }> => {
    let head: RecordedEvent | undefined;
    for (let from: bigint | undefined; ;) {
      const page = await connection.read(
        holder,
        { maxCount: PAGE, backwards: true, ...(from !== undefined && { from }) },
        deadline,
      );
      head ??= page[0];
      const last = page.map(claimsOf).find((claims) => claims?.take.includes(name) || claims?.release.includes(name));
      const first = page.at(-1);
      if (last || !first || first.revision === 0n) return { holds: last?.take.includes(name) ?? false, head };
      from = first.revision - 1n;
    }
  };

  /** Throws `Conflict` where the holder has appended meanwhile. */
  const forfeit = async (
    holder: string,
    name: string,
    head: RecordedEvent | undefined,
    by: Append,
    deadline: Deadline,
  ) => {
    const cause = by.events[0]!.metadata;
    const before = (head?.metadata as { metadata: Metadata } | undefined)?.metadata.occurredAt ?? cause.occurredAt;
    const forfeited: NewEvent = {
      id: randomUUID(),
      type: CLAIM_FORFEITED,
      schemaVersion: 1,
      data: { claims: { take: [], release: [name] } },
      metadata: {
        tenantId: streamParts(holder).tenantId,
        actor: { kind: 'system', id: 'event-store' },
        commandId: randomUUID(),
        correlationId: cause.correlationId,
        causationId: cause.commandId,
        occurredAt: before > cause.occurredAt ? before : cause.occurredAt,
      },
    };
    await connection.append(holder, head?.revision ?? NO_STREAM, [toEventData(forfeited)], deadline);
  };

  /** Makes the claim ours, from whoever doesn't hold it. Says what it was before. */
  const take = async (name: string, by: Append, deadline: Deadline): Promise<Taken> => {
    let before = await readClaim(name, deadline);
    let seen = { revision: before.revision, at: Date.now(), looks: 0 };
    for (;;) {
      try {
        if (before.holder !== undefined && before.holder !== by.stream) {
          const { holds, head } = await foldOf(before.holder, name, deadline);
          if (holds) throw new ClaimTaken(name, before.holder);
          // Looks count too: where this process or the server is slow, so is the writer that is waited for.
          if (Date.now() - seen.at < graceMs || seen.looks < graceMs / (2 * POLL_MS)) {
            seen.looks += 1;
            await sleep(POLL_MS);
            throw new Conflict('Left to its holder for a while.');
          }
          await forfeit(before.holder, name, head, by, deadline);
        }
        return { claim: await writeClaim(before, by.stream, deadline), before };
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        before = await readClaim(name, deadline);
        if (before.revision !== seen.revision) seen = { revision: before.revision, at: Date.now(), looks: 0 };
      }
    }
  };

  /** Most values are new, so the first try asks nobody. */
  const takeNew = async (name: string, by: Append, deadline: Deadline): Promise<Taken | undefined> => {
    const before: Claim = { name, revision: NO_STREAM, holder: undefined };
    try {
      return { claim: await writeClaim(before, by.stream, deadline), before };
    } catch (error) {
      if (error instanceof Conflict) return undefined;
      throw error;
    }
  };

  /**
   * All claims side by side, as if they were new. Those that aren't are taken one after the other, in the order of their names; what was
   * taken behind the first of them is given back before, so that two writers who want the same values in opposite orders don't wait for each other.
   */
  const takeAll = async (names: readonly string[], by: Append, deadline: Deadline, taken: Taken[]) => {
    const sorted = [...names].sort();
    const tried = await Promise.allSettled(sorted.map((name) => takeNew(name, by, deadline)));
    for (const outcome of tried) if (outcome.status === 'fulfilled' && outcome.value) taken.push(outcome.value);
    for (const outcome of tried) if (outcome.status === 'rejected') throw outcome.reason;
    const first = tried.findIndex((outcome) => outcome.status === 'fulfilled' && !outcome.value);
    if (first === -1) return;
    const isBehind = ({ claim }: Taken) => claim.name > sorted[first]!;
    await free(
      taken.filter(isBehind).map(({ claim }) => claim),
      deadline,
    );
    taken.splice(0, taken.length, ...taken.filter((each) => !isBehind(each)));
    for (const name of sorted.slice(first)) taken.push(await take(name, by, deadline));
  };

  /** Frees claims as they were seen; one that has moved on, or that can't be freed now, is left for its next taker. */
  const free = async (claims: readonly Claim[], deadline: Deadline) => {
    await Promise.all(claims.map((claim) => writeClaim(claim, undefined, deadline).catch(() => undefined)));
  };

  /**
   * The claims that may be freed after the append: seen while the stream had no event behind the expected revision. With one there, this is a repeated
   * append, and a later writer of the stream may have taken the claim again.
   */
  const toRelease = async ({ stream, expected, claims }: Append, deadline: Deadline): Promise<Claim[]> => {
    if (!claims || claims.release.length === 0) return [];
    const seen = await Promise.all(claims.release.map((name) => readClaim(name, deadline)));
    const behind = await connection.read(stream, { from: BigInt(expected), maxCount: 1 }, deadline);
    return behind.length > 0 ? [] : seen.filter(({ holder }) => holder === stream);
  };

  return {
    appendHolding: async (write, appendEvents, findRepeated, deadline) => {
      const releasing = await toRelease(write, deadline);
      const taken: Taken[] = [];
      // Where the claim was our stream's before, another append of the stream may rely on it.
      const giveBack = () =>
        free(
          taken.filter(({ before }) => before.holder !== write.stream).map(({ claim }) => claim),
          deadline,
        );
      try {
        await takeAll(write.claims?.take ?? [], write, deadline, taken);
        const appended = await appendEvents(write, deadline);
        await free(releasing, deadline);
        return appended;
      } catch (error) {
        if (![ClaimTaken, StaleStream, AppendTooLarge].some((refusal) => error instanceof refusal)) throw error;
        await giveBack();
        const repeated = error instanceof ClaimTaken ? await findRepeated(write, deadline) : undefined;
        if (repeated === undefined) throw error;
        return repeated;
      }
    },
  };
};
