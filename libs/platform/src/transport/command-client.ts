import { randomUUID } from 'node:crypto';
import type { ClientProxy } from '@nestjs/microservices';
import type { CommandDefinition } from '@tenure/contracts';
import type { Caller } from '@tenure/eventing';
import type { CommandMessage } from '@tenure/messaging';
import { lastValueFrom } from 'rxjs';

/** Asks the directory to do something; answers with its reply or throws its refusal. */
export type DirectoryClient = {
  send: <Payload, Reply>(definition: CommandDefinition<string, Payload, Reply>, caller: Caller, key: string, payload: Payload) => Promise<Reply>;
  /** Awaits no reply. */
  emit: <Payload>(definition: CommandDefinition<string, Payload, unknown>, caller: Caller, key: string, payload: Payload) => void;
};

/** Long enough for a killed replica's commands to be taken over (design, decision 9). */
const DEADLINE_MS = 20_000;

export const directoryClient = (client: ClientProxy): DirectoryClient => {
  const message = <Payload>(caller: Caller, key: string, payload: Payload): CommandMessage<Payload> => ({
    ...caller,
    key,
    commandId: randomUUID(),
    causationId: caller.correlationId,
    deadline: Date.now() + DEADLINE_MS,
    payload,
  });
  return {
    send: async (definition, caller, key, payload) => definition.readReply(await lastValueFrom(client.send(definition.pattern, message(caller, key, definition.compose(payload))))),
    emit: (definition, caller, key, payload) => void client.emit(definition.pattern, message(caller, key, definition.compose(payload))).subscribe({ error: () => undefined }),
  };
};
