import { randomUUID } from 'node:crypto';
import type { ClientProxy } from '@nestjs/microservices';
import { RecordAttempt, type CommandDefinition } from '@tenure/contracts';
import { Rejected, type Caller } from '@tenure/eventing';
import type { CommandMessage } from '@tenure/messaging';
import { lastValueFrom } from 'rxjs';
import { toProblem } from '../http/problem.ts';

/** Asks the directory to do something; answers with its reply or throws its refusal, which is audited where it matters. */
export type DirectoryClient = {
  send: <Payload, Reply>(definition: CommandDefinition<string, Payload, Reply>, caller: Caller, key: string, payload: Payload) => Promise<Reply>;
  /** Does something of which a refusal is audited like a command's: a look that is refused before any command is sent. */
  audited: <Result>(caller: Caller, operation: string, work: () => Promise<Result>, resourceId?: string) => Promise<Result>;
  /** Awaits no reply. */
  emit: <Payload>(definition: CommandDefinition<string, Payload, unknown>, caller: Caller, key: string, payload: Payload) => void;
};

/** Long enough for a killed replica's commands to be taken over (design, decision 9). */
const DEADLINE_MS = 20_000;

/**
 * What an auditor wants to know of though nothing happened (R65, R70): a gate that is shut, a lock that held. Names that are taken and
 * values that are wrong are everyday.
 */
const mattersToAuditors = ({ kind, code }: Rejected) => kind === 'forbidden' || code.endsWith('/token-issuer') || code === 'connection/sso-missing';

export const directoryClient = (client: ClientProxy): DirectoryClient => {
  const message = <Payload>(caller: Caller, key: string, payload: Payload): CommandMessage<Payload> => ({
    ...caller,
    key,
    commandId: randomUUID(),
    causationId: caller.correlationId,
    deadline: Date.now() + DEADLINE_MS,
    payload,
  });
  const emit: DirectoryClient['emit'] = (definition, caller, key, payload) =>
    void client.emit(definition.pattern, message(caller, key, definition.compose(payload))).subscribe({ error: () => undefined });

  const record = (refused: Rejected, operation: string, caller: Caller, resourceId: string | undefined) => {
    const resource = { resourceType: operation.replace(/\..*$/, ''), ...(resourceId !== undefined && { resourceId }) };
    const attempt = { code: refused.code, operation, status: toProblem(refused).status, ...resource, attributes: [] };
    emit(RecordAttempt, caller, caller.connectionId ?? caller.actor.id, { kind: 'refused', attempt });
  };

  const audited: DirectoryClient['audited'] = async (caller, operation, work, resourceId) => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Rejected && mattersToAuditors(error)) record(error, operation, caller, resourceId);
      throw error;
    }
  };

  return {
    send: (definition, caller, key, payload) =>
      audited(caller, definition.pattern, async () => definition.readReply(await lastValueFrom(client.send(definition.pattern, message(caller, key, definition.compose(payload))))), key),
    audited,
    emit,
  };
};
