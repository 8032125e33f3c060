import type { CommandMessage, Fact, MessageSealer, Reply } from '@tenure/messaging';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';

/** What routes a command, in clear: random ids, names and instants only. All else is in the sealed value. */
export type CommandHeaders = {
  pattern: string;
  tenant: string;
  deadline: number;
  replyTo?: { topic: string; id: string };
};

const text = (headers: IHeaders | undefined, name: string): string | undefined => {
  const value = headers?.[name];
  return value === undefined ? undefined : String(Array.isArray(value) ? value[0] : value);
};

export const encodeCommand = async (
  sealer: MessageSealer,
  pattern: string,
  message: CommandMessage,
  replyTo?: CommandHeaders['replyTo'],
): Promise<Message> => ({
  key: message.key,
  value: await sealer.seal(message.tenantId, message),
  headers: {
    pattern,
    tenant: message.tenantId,
    deadline: String(message.deadline),
    ...(message.traceparent !== undefined && { traceparent: message.traceparent }),
    ...(replyTo && { 'reply-topic': replyTo.topic, 'reply-id': replyTo.id }),
  },
});

/** Undefined for what no `encodeCommand` made. */
export const commandHeaders = ({ headers }: KafkaMessage): CommandHeaders | undefined => {
  const [pattern, tenant, deadline] = [
    text(headers, 'pattern'),
    text(headers, 'tenant'),
    Number(text(headers, 'deadline')),
  ];
  if (pattern === undefined || tenant === undefined || Number.isNaN(deadline)) return undefined;
  const [topic, id] = [text(headers, 'reply-topic'), text(headers, 'reply-id')];
  return { pattern, tenant, deadline, ...(topic !== undefined && id !== undefined && { replyTo: { topic, id } }) };
};

export const decodeCommand = async (
  sealer: MessageSealer,
  tenant: string,
  { value }: KafkaMessage,
): Promise<CommandMessage> => (await sealer.open(tenant, String(value))) as CommandMessage;

/** A failure says nothing, so there is nothing to seal: it can be told even when sealing is what failed. */
export const encodeReply = async (
  sealer: MessageSealer,
  tenant: string,
  id: string,
  reply: Reply,
): Promise<Message> => ({
  value: reply.kind === 'failed' ? null : await sealer.seal(tenant, reply),
  headers: { 'reply-id': id, tenant },
});

export const replyId = ({ headers }: KafkaMessage): string | undefined => text(headers, 'reply-id');

export const decodeReply = async (sealer: MessageSealer, { headers, value }: KafkaMessage): Promise<Reply> =>
  value === null ? { kind: 'failed' } : ((await sealer.open(text(headers, 'tenant') ?? '', String(value))) as Reply);

/** A fact is the stored event; what is personal in it is sealed with the person's key already. */
export const encodeFact = (fact: Fact): Message => ({ key: fact.stream, value: JSON.stringify(fact) });
export const decodeFact = ({ value }: KafkaMessage): Fact => JSON.parse(String(value)) as Fact;
