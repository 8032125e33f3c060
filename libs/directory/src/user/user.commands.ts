import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateUser,
  DeleteUser,
  EnsureUser,
  PatchUser,
  ReplaceUser,
  type ReplyOf,
  type UserReply,
} from '@tenure/contracts';
import { Rejected, type Handled } from '@tenure/eventing';
import type { CommandMessage } from '@tenure/messaging';
import type { PatchOperation, Resource } from '@tenure/scim';
import type { KeyRing } from '@tenure/sealing';
import { runCommand, type CommandDeps, type CommandPlace } from '../command/run-command.ts';
import { typesFor, type TypeQueries } from '../schema/kept-types.ts';
import type { Shape } from '../schema/tenant-types.ts';
import { writingConnection, type ConnectionPolicies, type ConnectionPolicy } from './connection-policy.ts';
import { passwordKeeper, takePassword, takePatchedPassword, type Passwords } from './password.ts';
import { userAggregate } from './user.aggregate.ts';
import { externalIdHolders } from './external-id-holders.ts';
import { externalIdTaken } from './user.claims.ts';
import { userDecider, wouldBreakLock, type UserCommand, type Writer } from './user.decider.ts';
import type { Sight, UserQueries } from './user.queries.ts';
import type { UserState } from './user.state.ts';

export type UserCommandDeps = CommandDeps & {
  queries: UserQueries;
  policies: ConnectionPolicies;
  types: TypeQueries;
  keys: Pick<KeyRing, 'createPerson'>;
  secrets: Passwords;
};

type Message = CommandMessage;
type Loaded = { state: UserState; occurredAt?: string };

/** One function per pattern, for a controller's `@MessagePattern` to call. */
export type UserCommands = {
  create: (message: Message, context: CommandPlace) => Promise<ReplyOf<typeof CreateUser>>;
  replace: (message: Message, context: CommandPlace) => Promise<ReplyOf<typeof ReplaceUser>>;
  patch: (message: Message, context: CommandPlace) => Promise<ReplyOf<typeof PatchUser>>;
  delete: (message: Message, context: CommandPlace) => Promise<ReplyOf<typeof DeleteUser>>;
  ensure: (message: Message, context: CommandPlace) => Promise<ReplyOf<typeof EnsureUser>>;
};

const replyOf = (
  id: string,
  { state, revision, createdAt, occurredAt }: Handled<UserState, unknown>,
  created: boolean,
): UserReply => {
  if (state.status !== 'present') throw new Rejected('not-found', 'user/unknown', 'There is no such user.');
  const { accountType, connectionId, resource } = state;
  return {
    id,
    revision,
    created,
    accountType,
    connectionId,
    resource,
    createdAt: createdAt!,
    lastModified: occurredAt!,
  };
};

const isTaken = (error: unknown): error is Rejected => error instanceof Rejected && error.kind === 'taken';

const LOOKS = 50;
const BETWEEN_LOOKS_MS = 20;

/** Somebody was faster: their event is appended, and about to be in the view. */
const seenSoon = async (look: () => Promise<{ id: string } | undefined>, refused: Rejected): Promise<string> => {
  for (let looked = 0; looked < LOOKS; looked++) {
    const found = await look();
    if (found) return found.id;
    await sleep(BETWEEN_LOOKS_MS);
  }
  throw refused;
};

export const userCommands = (deps: UserCommandDeps): UserCommands => {
  const { queries, policies, types, keys, secrets } = deps;
  const { holderOf, isRevival, refuseHeldExternalId } = externalIdHolders(queries);

  const writerOf = async ({ tenantId, connectionId }: Message): Promise<Writer> =>
    connectionId === undefined
      ? { kind: 'local' }
      : { kind: 'connection', policy: await writingConnection(policies, tenantId, connectionId) };

  const keeperOf = ({ tenantId }: Message, writer: Writer, password: string | undefined) =>
    passwordKeeper(
      secrets,
      tenantId,
      writer.kind === 'connection' && writer.policy.settings.passwords === 'drop' ? undefined : password,
    );

  /** What a user is in this tenant (R71), for who stands like this. */
  const shapeFor =
    ({ tenantId }: Message, writer: { kind: string; policy?: ConnectionPolicy }, asked?: number) =>
    async (state: UserState): Promise<Shape> =>
      (
        await typesFor(
          types,
          tenantId,
          writer.policy,
          asked,
          state.status === 'present' ? state.schemasVersion : undefined,
        )
      ).user;

  /** What the answer shows beside the user's own state; read while the command runs, which doesn't change it. */
  const groupsFor = (
    wanted: boolean | undefined,
    { tenantId, key }: Message,
    writer: Writer,
  ): Promise<Partial<UserReply>> => {
    if (!wanted) return Promise.resolve({});
    const sight: Sight = writer.kind === 'connection' ? writer : { kind: 'admin' };
    return queries.groupsOf(tenantId, sight, [key]).then((found) => ({ groups: found.get(key) ?? [] }));
  };

  /** A person's key is made before their first event is sealed with it, and not for a request that the rules refuse. */
  const createWith = async (
    message: Message,
    context: CommandPlace,
    resource: Resource,
    writer: Extract<UserCommand, { type: 'Create' }>['writer'],
    keep: ReturnType<typeof passwordKeeper>,
    asked?: number,
  ) =>
    runCommand(deps, userAggregate, message, context, {
      command: async ({ state }) => {
        const command: UserCommand = {
          type: 'Create',
          resource,
          writer,
          shape: await shapeFor(message, writer, asked)(state),
        };
        userDecider.decide(command, state);
        await refuseHeldExternalId(message, command, state);
        const [password] = await Promise.all([
          keep(null),
          keys.createPerson({ tenantId: message.tenantId, personId: message.key }),
        ]);
        return { ...command, ...password };
      },
    });

  /** The state as it is when the command is decided: what it may do depends on it, and whether a lock is worth asking for (R7). */
  const existing =
    (
      message: Message,
      shapeIn: ReturnType<typeof shapeFor>,
      keep: ReturnType<typeof passwordKeeper>,
      commandFor: (loaded: Loaded) => UserCommand,
    ) =>
    async (loaded: Loaded) => {
      const command = { ...commandFor(loaded), shape: await shapeIn(loaded.state) };
      await refuseHeldExternalId(message, command, loaded.state);
      const lockedBy = wouldBreakLock(command, loaded.state)
        ? await policies.tokenIssuedBy(message.tenantId, message.key)
        : undefined;
      const password = await keep(loaded.state.status === 'present' ? loaded.state.passwordId : null);
      return { ...command, ...password, ...(lockedBy && { lockedBy }) };
    };

  /** The refused POST as a revival of the holder; refused like the POST where it is none. */
  const revive = async (
    message: Message,
    refused: Rejected,
    resource: Resource,
    policy: ConnectionPolicy,
    keep: ReturnType<typeof passwordKeeper>,
    asked?: number,
  ): Promise<UserReply> => {
    const holder = await holderOf(message, policy, resource);
    if (!holder) throw refused;
    const revived = { ...message, key: holder.id };
    const command = existing(revived, shapeFor(revived, { kind: 'connection', policy }, asked), keep, () => ({
      type: 'Revive',
      resource,
      policy,
    }));
    const handled = await runCommand(deps, userAggregate, revived, {}, { command }).catch((error: unknown) => {
      throw isTaken(error) ? refused : error;
    });
    return {
      ...replyOf(holder.id, handled, true),
      ...(await groupsFor(true, revived, { kind: 'connection', policy })),
    };
  };

  const create: UserCommands['create'] = async (message, context) => {
    const { resource: given, schemasVersion } = CreateUser.read(message.payload);
    const { resource, password } = takePassword(given);
    const writer = await writerOf(message);
    const keep = keeperOf(message, writer, password);
    if (writer.kind === 'connection' && (await isRevival(message, writer.policy, resource))) {
      const taken = new Rejected('taken', externalIdTaken.code, externalIdTaken.message);
      return revive(message, taken, resource, writer.policy, keep, schemasVersion);
    }
    try {
      return replyOf(message.key, await createWith(message, context, resource, writer, keep, schemasVersion), true);
    } catch (error) {
      if (!isTaken(error) || writer.kind !== 'connection') throw error;
      return revive(message, error, resource, writer.policy, keep, schemasVersion);
    }
  };

  const replace: UserCommands['replace'] = async (message, context) => {
    const {
      resource: given,
      cleared,
      schemasVersion,
      withGroups,
      ...preconditions
    } = ReplaceUser.read(message.payload);
    const { resource, password } = takePassword(given);
    const writer = await writerOf(message);
    const groups = groupsFor(withGroups, message, writer);
    groups.catch(() => undefined);
    const command = existing(
      message,
      shapeFor(message, writer, schemasVersion),
      keeperOf(message, writer, password),
      ({ occurredAt }) => ({ type: 'Replace', resource, cleared, writer, lastModified: occurredAt }),
    );
    const reply = replyOf(
      message.key,
      await runCommand(deps, userAggregate, message, context, { command, ...preconditions }),
      false,
    );
    return { ...reply, ...(await groups) };
  };

  const patch: UserCommands['patch'] = async (message, context) => {
    const {
      operations: given,
      accountType,
      schemasVersion,
      withGroups,
      ...preconditions
    } = PatchUser.read(message.payload);
    const { operations, password } = takePatchedPassword(given as PatchOperation[]);
    const writer = await writerOf(message);
    const groups = groupsFor(withGroups, message, writer);
    groups.catch(() => undefined);
    const command = existing(
      message,
      shapeFor(message, writer, schemasVersion),
      keeperOf(message, writer, password),
      ({ occurredAt }) => ({ type: 'Patch', operations, accountType, writer, lastModified: occurredAt }),
    );
    const reply = replyOf(
      message.key,
      await runCommand(deps, userAggregate, message, context, { command, ...preconditions }),
      false,
    );
    return { ...reply, ...(await groups) };
  };

  const remove: UserCommands['delete'] = async (message, context) => {
    const preconditions = DeleteUser.read(message.payload);
    const writer = await writerOf(message);
    const command = existing(
      message,
      shapeFor(message, writer),
      keeperOf(message, writer, undefined),
      ({ occurredAt }) => ({ type: 'Delete', writer, lastModified: occurredAt }),
    );
    const { revision } = await runCommand(deps, userAggregate, message, context, { command, ...preconditions });
    return { id: message.key, revision };
  };

  const ensure: UserCommands['ensure'] = async (message, context) => {
    const { resource: given, origin } = EnsureUser.read(message.payload);
    const { resource } = takePassword(given);
    const known = () => queries.findByName(message.tenantId, resource.userName);
    const found = await known();
    if (found) return { id: found.id, created: false };
    try {
      await createWith(message, context, resource, { kind: origin }, async () => ({}));
      return { id: message.key, created: true };
    } catch (error) {
      if (!isTaken(error)) throw error;
      return { id: await seenSoon(known, error), created: false };
    }
  };

  return { create, replace, patch, delete: remove, ensure };
};
