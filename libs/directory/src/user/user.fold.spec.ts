import { describe, expect, it } from '@jest/globals';
import type { UserEvent } from '@tenure/contracts';
import { Rejected } from '@tenure/eventing';
import { profiles, type JsonObject, type PatchOperation } from '@tenure/scim';
import fc from 'fast-check';
import type { ConnectionPolicy } from './connection-policy.ts';
import { userClaims } from './user.claims.ts';
import { userDecider, type UserCommand, type Writer } from './user.decider.ts';
import type { UserState } from './user.state.ts';

const policy = (
  connectionId: string,
  unassign: 'delete' | 'deactivate',
  putClears: 'owned' | 'all',
): ConnectionPolicy => ({
  connectionId,
  enabled: true,
  settings: { ...profiles.generic, unassign, putClears, eligibility: { managedOnly: false }, reactivateOnCreate: true },
  defaults: {},
  schemasVersion: 0,
});
const policies = fc
  .tuple(
    fc.constantFrom('entra', 'okta'),
    fc.constantFrom('delete' as const, 'deactivate' as const),
    fc.constantFrom('owned' as const, 'all' as const),
  )
  .map((all) => policy(...all));
const writer: fc.Arbitrary<Writer> = fc.oneof(
  policies.map((one) => ({ kind: 'connection' as const, policy: one })),
  fc.constant({ kind: 'local' as const }),
);

const word = fc.constantFrom('a', 'b', 'c');
const resource: fc.Arbitrary<JsonObject> = fc
  .record({ title: word, displayName: word, externalId: word, active: fc.boolean() }, { requiredKeys: [] })
  .map((some) => ({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'ada@plum.example', ...some }));
const operation: fc.Arbitrary<PatchOperation> = fc.oneof(
  fc
    .tuple(fc.constantFrom('title', 'displayName', 'externalId', 'userName'), word)
    .map(([path, value]) => ({ op: 'replace' as const, path, value })),
  fc.boolean().map((value) => ({ op: 'replace' as const, path: 'active', value })),
  fc.constantFrom('title', 'displayName').map((path) => ({ op: 'remove' as const, path })),
);
const command: fc.Arbitrary<UserCommand> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('Patch' as const),
      operations: fc.array(operation, { maxLength: 3 }),
      writer,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('Replace' as const),
      resource,
      cleared: fc.constant<string[]>([]),
      writer,
    }),
  },
  fc.record({
    type: fc.constant('Patch' as const),
    operations: fc.constant<PatchOperation[]>([]),
    accountType: fc.constantFrom('managed' as const, 'unmanaged' as const),
    writer: fc.constant({ kind: 'local' as const }),
  }),
  fc.record({ type: fc.constant('Revive' as const), resource, policy: policies }),
  fc.record({ type: fc.constant('Delete' as const), writer }),
);
const commands = fc
  .tuple(resource, writer, fc.array(command, { maxLength: 12 }))
  .map(([first, by, rest]): UserCommand[] => [{ type: 'Create', resource: first, writer: by }, ...rest]);

const decided = (wanted: UserCommand, state: UserState): UserEvent[] => {
  try {
    return userDecider.decide(wanted, state);
  } catch (error) {
    if (error instanceof Rejected) return [];
    throw error;
  }
};
const fold = (state: UserState, events: readonly UserEvent[]) => events.reduce(userDecider.evolve, state);

/** Plays commands, and looks at every step. */
const play = (
  all: UserCommand[],
  look: (step: { command: UserCommand; before: UserState; events: UserEvent[]; after: UserState }) => void,
) => {
  let state = userDecider.initial;
  for (const one of all) {
    const events = decided(one, state);
    const after = fold(state, events);
    look({ command: one, before: state, events, after });
    state = after;
  }
};

describe('whatever is asked of a user', () => {
  it('a write that is repeated at once changes nothing more', () => {
    fc.assert(
      fc.property(commands, (all) =>
        play(all, ({ command: one, after }) => {
          if (one.type === 'Replace' || one.type === 'Patch') expect(decided(one, after)).toEqual([]);
        }),
      ),
    );
  });

  it('events tell the whole resource after them, and name exactly what differs', () => {
    fc.assert(
      fc.property(commands, (all) =>
        play(all, ({ before, events }) => {
          let state = before;
          for (const event of events) {
            const next = fold(state, [event]);
            if ('personal' in event && state.status === 'present' && next.status === 'present') {
              const [from, to] = [state.resource, next.resource];
              const differing = [...new Set([...Object.keys(from), ...Object.keys(to)])].filter(
                (path) => JSON.stringify(from[path]) !== JSON.stringify(to[path]),
              );
              expect(new Set(event.data.changed)).toEqual(new Set(differing));
            }
            state = next;
          }
        }),
      ),
    );
  });

  it('the name of a change says whether the user became active or not', () => {
    fc.assert(
      fc.property(commands, (all) =>
        play(all, ({ before, events }) => {
          let active = before.status === 'present' ? before.resource.active : undefined;
          for (const event of events) {
            if (!('personal' in event) || event.personal === 'erased' || event.type === 'UserCreated') continue;
            const now = event.personal.resource.active;
            expect(now === active).toBe(event.type !== 'UserDeactivated' && event.type !== 'UserReactivated');
            active = now;
          }
        }),
      ),
    );
  });

  it('a linked user is provisionedManaged and no other is, and holds an externalId only while linked', () => {
    fc.assert(
      fc.property(commands, (all) =>
        play(all, ({ after }) => {
          if (after.status !== 'present') return expect(userClaims(after)).toEqual([]);
          expect(after.accountType === 'provisionedManaged').toBe(after.connectionId !== null);
          expect(userClaims(after).length).toBe(
            after.claimsExternalId && after.connectionId !== null && after.resource.externalId !== undefined ? 2 : 1,
          );
          expect(after.claimsExternalId && after.connectionId === null).toBe(false);
        }),
      ),
    );
  });

  it('nothing happens to a deleted user', () => {
    fc.assert(
      fc.property(commands, (all) =>
        play(all, ({ before, events }) => {
          if (before.status === 'deleted') expect(events).toEqual([]);
        }),
      ),
    );
  });
});
