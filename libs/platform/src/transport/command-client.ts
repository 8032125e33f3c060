import { randomUUID } from 'node:crypto';
import type { ClientProxy } from '@nestjs/microservices';
import { RecordAttempt, type CommandDefinition } from '@tenure/contracts';
import { Rejected, type Caller } from '@tenure/eventing';
import type { CommandMessage } from '@tenure/messaging';
import { lastValueFrom } from 'rxjs';
import type { OnRefused } from '../http/problem.filter.ts';
import { statusOf } from '../http/problem.ts';

/** Asks the directory to do something; answers with its reply or throws its refusal, which is audited where it matters. */
export type DirectoryClient = {
  send: <Payload, Reply>(
    definition: CommandDefinition<string, Payload, Reply>,
    caller: Caller,
    key: string,
    payload: Payload,
  ) => Promise<Reply>;
  /** Audits what was refused at the edge, before any command was sent, where it matters. */
  refused: OnRefused;
  /** Awaits no reply. */
  emit: <Payload>(
    definition: CommandDefinition<string, Payload, unknown>,
    caller: Caller,
    key: string,
    payload: Payload,
  ) => void;
};

/** Long enough for a killed replica's commands to be taken over (design, decision 9). */
const DEADLINE_MS = 20_000;

/**
 * What an auditor wants to know of though nothing happened (R65, R70): a gate that is shut, a lock that held, a key that was tried on another
 * tenant, a resource of another connection. Names that are taken and values that are wrong are everyday.
 */
const mattersToAuditors = ({ kind, code }: Rejected) =>
  kind === 'forbidden' ||
  code.endsWith('/token-issuer') ||
  code.endsWith('/unseen') ||
  code === 'connection/sso-missing' ||
  code === 'tenant/not-found';

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
    void client
      .emit(definition.pattern, message(caller, key, definition.compose(payload)))
      .subscribe({ error: () => undefined });

  /** A command's refusal passes the edge too. */
  const recorded = new WeakSet<Rejected>();
  const record = (
    refused: Rejected,
    caller: Caller,
    asked: { operation: string; resourceType?: string; resourceId?: string | undefined },
  ) => {
    if (!mattersToAuditors(refused) || recorded.has(refused)) return;
    recorded.add(refused);
    const { resourceId, ...rest } = asked;
    const attempt = {
      code: refused.code,
      status: statusOf[refused.kind],
      ...rest,
      ...(resourceId !== undefined && { resourceId }),
      attributes: [],
    };
    emit(RecordAttempt, caller, caller.connectionId ?? caller.actor.id, { kind: 'refused', attempt });
  };

  return {
    send: async (definition, caller, key, payload) => {
      const { pattern } = definition;
      try {
        return definition.readReply(
          await lastValueFrom(client.send(pattern, message(caller, key, definition.compose(payload)))),
        );
      } catch (error) {
        if (error instanceof Rejected)
          record(error, caller, { operation: pattern, resourceType: pattern.replace(/\..*$/, ''), resourceId: key });
        throw error;
      }
    },
    refused: (refused, { caller, ...asked }) => {
      if (caller.tenantId !== '') record(refused, caller, asked);
    },
    emit,
  };
};
