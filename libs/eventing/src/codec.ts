import { createHash } from 'node:crypto';
import { type Aggregate, type Claim } from './decider.ts';
import { ERASED, type AnyDefinition, type DomainEvent, type Erased } from './define-event.ts';
import { CLAIM_FORFEITED } from './event-store.ts';
import type { ClaimNames, Metadata, NewEvent, StoredEvent } from './event.ts';

/** The person whose data a personal part holds; each has a key of their own. */
export type DataSubject = { tenantId: string; personId: string };

/** The port to people's keys; `@tenure/sealing` implements it. `boundTo` is authenticated with the text: a sealed part cannot be moved to another event. */
export type Sealer = {
  /** Throws when the person has no key, or it was destroyed. */
  seal: (person: DataSubject, value: unknown, boundTo: string) => Promise<string>;
  open: (person: DataSubject, sealed: string, boundTo: string) => Promise<unknown | Erased>;
  /** HMAC of kind and value under a key of the tenant that never rotates. */
  claimName: (tenantId: string, claim: Pick<Claim, 'kind' | 'value'>) => Promise<string>;
};

/** An event of a known stream and revision; what the store adds on top (position, its time) is no business of folds and views. */
export type Recorded = Omit<StoredEvent, 'position' | 'recordedAt'>;

/** An event's envelope and, opened and in today's shape, what it says. `event` is undefined where no definition knows the type. */
export type Decoded<Event extends DomainEvent = DomainEvent> = Omit<Recorded, 'data' | 'personal'> & {
  event: Event | undefined;
};

/** Ids derive from the command: a repeated append is recognised by them. */
export const eventId = (commandId: string, stream: string, index: number) => {
  const hex = createHash('sha256').update(`${commandId}\n${stream}\n${index}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-9${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

const boundTo = (id: string, type: string) => `${id}/${type}`;

/** A domain event as it is stored: version, id and the personal part sealed. */
export const encode = async (
  sealer: Sealer,
  definition: AnyDefinition,
  event: DomainEvent,
  envelope: { id: string; personId?: string; metadata: Metadata; claims?: ClaimNames },
): Promise<NewEvent> => {
  const { id, personId, metadata, claims } = envelope;
  const { type, schemaVersion } = definition;
  const data = claims ? { ...event.data, claims } : event.data;
  const stored: NewEvent = { id, type, schemaVersion, data, metadata, ...(personId !== undefined && { personId }) };
  if (!definition.hasPersonal) return stored;
  if (personId === undefined) throw new Error(`${type} has a personal part, but its aggregate names no person.`);
  return {
    ...stored,
    personal: await sealer.seal({ tenantId: metadata.tenantId, personId }, event.personal, boundTo(id, type)),
  };
};

/** Opens and upcasts stored events. The one place where `personal` is opened. */
export const decoder = (sealer: Sealer, definitions: readonly AnyDefinition[]) => {
  const byType = new Map(definitions.map((definition) => [definition.type, definition]));
  return async <Event extends DomainEvent>(stored: Recorded): Promise<Decoded<Event>> => {
    const { data, personal, ...envelope } = stored;
    const definition = byType.get(stored.type);
    if (!definition) return { ...envelope, event: undefined };
    const person =
      stored.personId === undefined ? undefined : { tenantId: stored.metadata.tenantId, personId: stored.personId };
    const opened =
      personal === undefined || !person ? ERASED : await sealer.open(person, personal, boundTo(stored.id, stored.type));
    return { ...envelope, event: definition.fromStored(stored.schemaVersion, data, opened) as Event };
  };
};

export const definitionOf = <S, C, E extends DomainEvent>(
  { category, events }: Aggregate<S, C, E>,
  type: string,
): AnyDefinition => {
  const found = events.find((candidate) => candidate.type === type);
  if (!found) throw new Error(`No event of ${category} is defined with the name ${type}.`);
  return found;
};

/** Whether a fold may skip a type it does not know. Anything else unknown is a bug or a newer writer: refuse to guess. */
export const isSystemEvent = (type: string) => type === CLAIM_FORFEITED;
