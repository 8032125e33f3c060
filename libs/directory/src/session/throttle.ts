import type { Database } from '@tenure/database';
import { Rejected } from '@tenure/eventing';

/** So many tries an address has per window: enough for an office behind one, and 2^256 codes stay out of reach. */
const MOST = 30;
const WINDOW_S = 60;

/** Counts tries to sign in per address, over all replicas. */
export const signInThrottle = (database: Database) => {
  /** Throws `Rejected` `sign-in/throttled`, with the seconds to wait. */
  const admit = async (address: string): Promise<void> => {
    const [row] = await database.query<{ count: number; wait: number }>({
      name: 'sign-in.tries',
      text: `insert into sign_in.tries as t (address, since, count) values ($1, now(), 1)
             on conflict (address) do update set
               count = case when t.since < now() - $2 * interval '1 s' then 1 else t.count + 1 end,
               since = case when t.since < now() - $2 * interval '1 s' then now() else t.since end
             returning count, ceil(extract(epoch from since + $2 * interval '1 s' - now()))::int as wait`,
      values: [address, WINDOW_S],
    });
    const { count, wait } = row!;
    if (count <= MOST) return;
    const seconds = Math.max(1, wait);
    throw Object.assign(
      new Rejected(
        'too-many',
        'sign-in/throttled',
        `Too many attempts to sign in from this address. Try again in ${seconds} seconds.`,
      ),
      { headers: { 'retry-after': String(seconds) } },
    );
  };
  return { admit };
};

export type SignInThrottle = ReturnType<typeof signInThrottle>;
