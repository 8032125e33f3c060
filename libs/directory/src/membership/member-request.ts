import type { MemberChange } from '@tenure/scim';

/** What a command asks of the members once its changes are taken together: the last word on a member wins. */
export type MemberRequest = {
  /** Whether those stay of whom nothing is said. */
  others: 'keep' | 'remove';
  add: readonly string[];
  remove: readonly string[];
};

export const noMembersAsked: MemberRequest = { others: 'keep', add: [], remove: [] };

export const asksNothing = ({ others, add, remove }: MemberRequest) =>
  others === 'keep' && add.length + remove.length === 0;

/** A removal by filter has to be resolved to ids before. */
export type ResolvedChange = Exclude<MemberChange, { op: 'removeWhere' }>;

export const memberRequest = (changes: readonly ResolvedChange[]): MemberRequest => {
  let others: MemberRequest['others'] = 'keep';
  const add = new Set<string>();
  const remove = new Set<string>();
  const say = (ids: readonly string[], wanted: Set<string>, other: Set<string>) => {
    for (const id of ids) {
      wanted.add(id);
      other.delete(id);
    }
  };
  for (const change of changes) {
    switch (change.op) {
      case 'add':
        say(change.ids, add, remove);
        break;
      case 'remove':
        say(change.ids, remove, add);
        break;
      case 'replace':
      case 'removeAll':
        others = 'remove';
        add.clear();
        remove.clear();
        if (change.op === 'replace') say(change.ids, add, remove);
        break;
    }
  }
  return { others, add: [...add], remove: [...remove] };
};
