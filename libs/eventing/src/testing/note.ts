import { z } from 'zod';
import type { Decider } from '../decider.ts';
import type { Aggregate } from '../decider.ts';
import { defineEvent, type EventOf } from '../define-event.ts';
import { Rejected } from '../rejected.ts';
import type { Metadata } from '../event.ts';

/** A small aggregate for tests of the machinery: a note with a unique title, and a text that is somebody's. */
export const NoteWritten = defineEvent('NoteWritten', {
  data: z.object({ title: z.string() }),
  personal: z.object({ text: z.string() }),
});
export const NoteRetitled = defineEvent('NoteRetitled', { data: z.object({ title: z.string() }) });
export const NoteDeleted = defineEvent('NoteDeleted', { data: z.object({}) });
export const noteEvents = [NoteWritten, NoteRetitled, NoteDeleted] as const;
export type NoteEvent = EventOf<typeof noteEvents>;

export type NoteCommand =
  { type: 'Write'; title: string; text: string } | { type: 'Retitle'; title: string } | { type: 'Delete' };
export type Note = { status: 'none' } | { status: 'written'; title: string; text: string } | { status: 'deleted' };

const decide = (command: NoteCommand, note: Note): NoteEvent[] => {
  if (command.type === 'Write') {
    if (note.status === 'written') throw new Rejected('conflict', 'note/exists', 'It is written already.');
    return [NoteWritten({ title: command.title }, { text: command.text })];
  }
  if (note.status !== 'written') throw new Rejected('not-found', 'note/not-found', 'There is no such note.');
  if (command.type === 'Delete') return [NoteDeleted({})];
  return command.title === note.title ? [] : [NoteRetitled({ title: command.title })];
};

const evolve = (note: Note, event: NoteEvent): Note => {
  switch (event.type) {
    case 'NoteWritten':
      return {
        status: 'written',
        title: event.data.title,
        text: event.personal === 'erased' ? '' : event.personal.text,
      };
    case 'NoteRetitled':
      return note.status === 'written' ? { ...note, title: event.data.title } : note;
    case 'NoteDeleted':
      return { status: 'deleted' };
  }
};

export const noteDecider: Decider<Note, NoteCommand, NoteEvent> = { initial: { status: 'none' }, decide, evolve };

export const noteAggregate: Aggregate<Note, NoteCommand, NoteEvent> = {
  category: 'note',
  decider: noteDecider,
  events: noteEvents,
  stateVersion: 1,
  exists: ({ status }) => status === 'written',
  personOf: (id) => id,
  claimsOf: (note) =>
    note.status === 'written'
      ? [
          {
            kind: 'title',
            value: note.title.toLowerCase(),
            code: 'note/title-taken',
            message: 'Another note has this title.',
          },
        ]
      : [],
};

let commands = 0;
/** Metadata of a new command; parts can be fixed. */
export const metadata = (parts: Partial<Metadata> = {}): Metadata => ({
  tenantId: 'acme',
  actor: { kind: 'admin', id: 'root' },
  commandId: `command-${++commands}`,
  correlationId: 'request',
  causationId: 'request',
  occurredAt: '2026-01-05T09:00:00.000Z',
  ...parts,
});
