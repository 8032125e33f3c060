import { Rejected, type FieldProblem, type RejectionKind } from '@tenure/eventing';

/** A handler's answer as it travels. What is neither a value nor a refusal tells the asker nothing: the details are in the handler's log. */
export type Reply =
  | { kind: 'value'; value?: unknown }
  | {
      kind: 'rejected';
      rejection: { kind: RejectionKind; code: string; message: string; errors?: readonly FieldProblem[] };
    }
  | { kind: 'failed' };

export const replyOf = (error: unknown): Reply => {
  if (!(error instanceof Rejected)) return { kind: 'failed' };
  const { kind, code, message, errors } = error;
  return { kind: 'rejected', rejection: { kind, code, message, ...(errors && { errors }) } };
};

/** What the asker gets: the value, or the thrown error. */
export const valueOf = (reply: Reply): unknown => {
  switch (reply.kind) {
    case 'value':
      return reply.value;
    case 'rejected': {
      const { kind, code, message, errors } = reply.rejection;
      throw new Rejected(kind, code, message, errors);
    }
    case 'failed':
      throw new Error('internal');
  }
};

export const noReply = () =>
  new Rejected(
    'unavailable',
    'transport/no-reply',
    'No answer came in time. The change may or may not have been made; repeating it is safe.',
  );
