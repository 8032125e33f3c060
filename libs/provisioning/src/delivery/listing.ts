import type { Connector, Remote, TargetValue } from '../connector/index.ts';
import type { Listed } from './verdict.ts';

/** How old a complete list may be that stands for a look-up, where nothing was sent since. */
const FRESH_MS = 15 * 60_000;
/** More are not kept: some hundred bytes each. */
const MOST_KEPT = 200_000;

/** `at`: when the list began. */
type Listing = { at: number; byValue: Map<string, Remote[]> };

const keyOf = (target: string, value: string) => `${target}\n${value.normalize('NFC').toLowerCase()}`;

const textsOf = (value: TargetValue | undefined): string[] => {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((each) => textsOf(each as TargetValue));
  return typeof value === 'object' ? textsOf((value as { value?: TargetValue }).value) : [String(value)];
};

/** Complete lists of apps that ignore filters: each app is listed whole, and the list serves look-ups for a while. */
export const listings = () => {
  const known = new WeakMap<Connector, Promise<Listing | Listed>>();

  const listAll = async (connector: Connector, beforePage: () => Promise<void>): Promise<Listing | Listed> => {
    const at = Date.now();
    const byValue: Listing['byValue'] = new Map();
    let count = 0;
    for (let cursor: string | undefined; ;) {
      await beforePage();
      const page = await connector.list('account', cursor);
      if (page.kind !== 'ok') return page;
      count += page.value.items.length;
      if (count > MOST_KEPT) return { kind: 'tooMany' };
      for (const remote of page.value.items) {
        const texts = Object.entries(remote.values).flatMap(([target, value]) =>
          textsOf(value).map((text) => keyOf(target, text)),
        );
        for (const key of texts) byValue.set(key, [...(byValue.get(key) ?? []), remote]);
      }
      cursor = page.value.next;
      if (cursor === undefined) return { at, byValue };
    }
  };

  return async (
    connector: Connector,
    { target, value }: { target: string; value: string },
    beforePage: () => Promise<void>,
    notBefore: number,
  ): Promise<Listed> => {
    const earliest = Math.max(notBefore, Date.now() - FRESH_MS);
    for (let mine = false; ;) {
      const asked = known.get(connector);
      const listing = await asked;
      if (listing && 'at' in listing && listing.at >= earliest)
        return { kind: 'ok', value: listing.byValue.get(keyOf(target, value)) ?? [] };
      if (listing && !('at' in listing) && mine) return listing;
      // Somebody else's may have begun late enough.
      if (known.get(connector) !== asked) continue;
      known.set(connector, listAll(connector, beforePage));
      mine = true;
    }
  };
};
