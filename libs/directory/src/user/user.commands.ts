import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateUser,
  DeleteUser,
  EnsureUser,
  PatchUser,
  ReplaceUser,
  type ReplyOf,
  type UserEvent,
  type UserReply,
} from '@tenure/contracts';
import { Rejected, type Handled, type Intent } from '@tenure/eventing';
import type { CommandMessage } from '@tenure/messaging';
import type { PatchOperation, Resource } from '@tenure/scim';
import type { KeyRing } from '@tenure/sealing';
import { runCommand, type CommandDeps, type CommandPlace } from '../command/run-command.ts';
import { typesFor, type TypeQueries } from '../schema/kept-types.ts';
import type { Shape } from '../schema/tenant-types.ts';
import { writingConnection, type ConnectionPolicies, type ConnectionPolicy } from './connection-policy.ts';
import {
  keepPassword,
  newPassword,
  takePassword,
  takePatchedPassword,
  type NewPassword,
  type Passwords,
} from './password.ts';
import { forbiddenToIssuers, refuseIssuer } from './token-issuer.ts';
import { userAggregate } from './user.aggregate.ts';
import { externalIdHolders } from './external-id-holders.ts';
import { externalIdTaken } from './user.claims.ts';
import type { UserCommand, Writer } from './user.decider.ts';
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

  const passwordFrom = (writer: Writer, password: string | undefined) =>
    newPassword(writer.kind === 'connection' && writer.policy.settings.passwords === 'drop' ? undefined : password);

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

  const createWith = async (
    message: Message,
    context: CommandPlace,
    resource: Resource,
    writer: Extract<UserCommand, { type: 'Create' }>['writer'],
    password?: NewPassword,
    asked?: number,
  ) =>
    runCommand(deps, userAggregate, message, context, {
      isNew: true,
      command: async ({ state }): Promise<UserCommand> => ({
        type: 'Create',
        resource,
        writer,
        shape: await shapeFor(message, writer, asked)(state),
        passwordId: password?.id,
      }),
      prepare: async ({ before, events }) => {
        const { tenantId, key } = message;
        if (writer.kind === 'connection') await refuseHeldExternalId(message, writer.policy, before, events);
        // The first event is sealed with the person's key.
        await Promise.all([
          keys.createPerson({ tenantId, personId: key }),
          password && secrets.putPassword(tenantId, password.password, password.id),
        ]);
        return events;
      },
    });

  /** A change of an existing user. The look-up for the issuer's lock (R7) runs only if the decided events would break it. */
  const existing = (
    message: Message,
    writer: Writer,
    commandFor: (loaded: Loaded) => UserCommand,
    { asked, password }: { asked?: number; password?: NewPassword } = {},
  ): Pick<Intent<UserState, UserCommand, UserEvent>, 'command' | 'prepare'> => ({
    command: async (loaded) => ({
      ...commandFor(loaded),
      shape: await shapeFor(message, writer, asked)(loaded.state),
      ...(password && { passwordId: password.id }),
    }),
    prepare: async ({ before, events }) => {
      const { tenantId, key } = message;
      if (writer.kind === 'connection') await refuseHeldExternalId(message, writer.policy, before, events);
      const forbidden = forbiddenToIssuers(events);
      const token = forbidden && (await policies.tokenIssuedBy(tenantId, key));
      if (token) refuseIssuer(forbidden, token);
      const presentId = before.status === 'present' ? before.passwordId : null;
      return password ? keepPassword(secrets, tenantId, password, presentId, events) : events;
    },
  });

  /** The refused POST as a revival of the holder; refused like the POST where it is none. */
  const revive = async (
    message: Message,
    refused: Rejected,
    resource: Resource,
    policy: ConnectionPolicy,
    password?: NewPassword,
    asked?: number,
  ): Promise<UserReply> => {
    const holder = await holderOf(message, policy, resource);
    if (!holder) throw refused;
    const revived = { ...message, key: holder.id };
    const writer = { kind: 'connection', policy } as const;
    const change = existing(revived, writer, () => ({ type: 'Revive', resource, policy }), { asked, password });
    const handled = await runCommand(deps, userAggregate, revived, {}, change).catch((error: unknown) => {
      throw isTaken(error) ? refused : error;
    });
    return {
      ...replyOf(holder.id, handled, true),
      ...(await groupsFor(true, revived, { kind: 'connection', policy })),
    };
  };

  const create: UserCommands['create'] = async (message, context) => {
    const { resource: given, schemasVersion } = CreateUser.read(message.payload);
    const { resource, password: asked } = takePassword(given);
    const writer = await writerOf(message);
    const password = passwordFrom(writer, asked);
    if (writer.kind === 'connection' && (await isRevival(message, writer.policy, resource))) {
      const taken = new Rejected('taken', externalIdTaken.code, externalIdTaken.message);
      return revive(message, taken, resource, writer.policy, password, schemasVersion);
    }
    try {
      return replyOf(message.key, await createWith(message, context, resource, writer, password, schemasVersion), true);
    } catch (error) {
      if (!isTaken(error) || writer.kind !== 'connection') throw error;
      return revive(message, error, resource, writer.policy, password, schemasVersion);
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
    const change = existing(
      message,
      writer,
      ({ occurredAt }) => ({ type: 'Replace', resource, cleared, writer, lastModified: occurredAt }),
      { asked: schemasVersion, password: passwordFrom(writer, password) },
    );
    const reply = replyOf(
      message.key,
      await runCommand(deps, userAggregate, message, context, { ...change, ...preconditions }),
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
    const change = existing(
      message,
      writer,
      ({ occurredAt }) => ({ type: 'Patch', operations, accountType, writer, lastModified: occurredAt }),
      { asked: schemasVersion, password: passwordFrom(writer, password) },
    );
    const reply = replyOf(
      message.key,
      await runCommand(deps, userAggregate, message, context, { ...change, ...preconditions }),
      false,
    );
    return { ...reply, ...(await groups) };
  };

  const remove: UserCommands['delete'] = async (message, context) => {
    const preconditions = DeleteUser.read(message.payload);
    const writer = await writerOf(message);
    const change = existing(message, writer, ({ occurredAt }) => ({
      type: 'Delete',
      writer,
      lastModified: occurredAt,
    }));
    const { revision } = await runCommand(deps, userAggregate, message, context, { ...change, ...preconditions });
    return { id: message.key, revision };
  };

  const ensure: UserCommands['ensure'] = async (message, context) => {
    const { resource: given, origin } = EnsureUser.read(message.payload);
    const { resource } = takePassword(given);
    const known = () => queries.findByName(message.tenantId, resource.userName);
    const found = await known();
    if (found) return { id: found.id, created: false };
    try {
      await createWith(message, context, resource, { kind: origin });
      return { id: message.key, created: true };
    } catch (error) {
      if (!isTaken(error)) throw error;
      return { id: await seenSoon(known, error), created: false };
    }
  };

  return { create, replace, patch, delete: remove, ensure };
};
