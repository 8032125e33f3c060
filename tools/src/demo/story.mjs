import { setTimeout as sleep } from 'node:timers/promises';

const started = performance.now();
let checked = 0;

export const secondsSoFar = () => ((performance.now() - started) / 1000).toFixed(0);
export const checksSoFar = () => checked;

export const chapter = (number, title) => console.log(`\n${number}. ${title}  (${secondsSoFar()} s)`);
export const tell = (line) => console.log(`   ${line}`);

/** The story went another way. The message is the sentence that does not hold, and what was seen instead. */
export class NotAsTold extends Error {}

const shown = (value) => (typeof value === 'string' ? value : JSON.stringify(value))?.slice(0, 1500);

/** One thing that a reader can check. Throws where it does not hold. */
export const check = (what, holds, seen) => {
  if (!holds) throw new NotAsTold(`${what}${seen === undefined ? '' : `\n     seen: ${shown(seen)}`}`);
  checked += 1;
  console.log(`   ✓ ${what}`);
};

export const equal = (what, seen, expected) =>
  check(what, JSON.stringify(seen) === JSON.stringify(expected), `${shown(seen)}\n     told: ${shown(expected)}`);

const inOneOrder = (items) =>
  items.map((item) => JSON.stringify(item)).toSorted((one, other) => (one < other ? -1 : 1));

/** The same items, in any order. */
export const sameItems = (what, seen, expected) => equal(what, inOneOrder(seen), inOneOrder(expected));

/** Waits for what must come by itself: until `look` answers true. Says what it waited for, and what it saw last, when it does not come. */
export const until = async (what, look, patienceMs = 60_000) => {
  const deadline = Date.now() + patienceMs;
  for (let last; ; await sleep(100)) {
    last = await look();
    if (last === true) return;
    if (Date.now() > deadline)
      throw new NotAsTold(`${what}: did not come to pass within ${patienceMs / 1000} s\n     seen: ${shown(last)}`);
  }
};
