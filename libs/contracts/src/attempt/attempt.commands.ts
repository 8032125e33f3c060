import { z } from 'zod';
import { defineCommand } from '../define-command.ts';
import { attempt } from './attempt.events.ts';

/** Sent without awaiting a reply; the command's key is the id of the connection, or of the admin, whose request it was. */
export const RecordAttempt = defineCommand('attempt.record', {
  payload: z.object({ kind: z.enum(['refused', 'noted']), attempt }),
  reply: z.object({}),
});
