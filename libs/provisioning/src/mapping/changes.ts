import { sameValue, type Json } from '@tenure/scim';
import type { Change, Parts, Scalar, TargetValue } from '../connector/index.ts';
import type { AccountAttributes } from './mapping.ts';

export type AttributeChange = { target: string; from: Json; to: Json };

/** What differs between the attributes as last sent and the ones that are desired; null is no value. */
export const changedAttributes = (from: AccountAttributes, to: AccountAttributes): AttributeChange[] =>
  Object.entries(to)
    .map(([target, value]) => ({ target, from: from[target] ?? null, to: value }))
    .filter((change) => !sameValue(change.from, change.to));

/** What leads from the attributes as last sent to the ones that are desired. Values of `additive` targets are added to those of the app. */
export const toChanges = (from: AccountAttributes, to: AccountAttributes, additive: readonly string[] = []): Change[] =>
  changedAttributes(from, to).flatMap((change): Change[] => {
    const { target } = change;
    if (!additive.includes(target)) return [{ target, from: change.from as TargetValue, to: change.to as TargetValue }];
    const known = Array.isArray(change.from) ? change.from : [];
    const wanted = Array.isArray(change.to) ? change.to : [];
    const added = wanted.filter((each) => !known.some((old) => sameValue(old, each)));
    return added.length > 0 ? [{ target, add: added as (Scalar | Parts)[], remove: [] }] : [];
  });
