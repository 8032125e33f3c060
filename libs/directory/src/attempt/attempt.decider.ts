import {
  AttemptsSuppressed,
  RequestNoted,
  RequestRefused,
  type AuditedRequest,
  type AttemptEvent,
} from '@tenure/contracts';
import type { Decider } from '@tenure/eventing';

export type AttemptCommand =
  | { type: 'Record'; kind: 'refused' | 'noted'; attempt: AuditedRequest }
  /** What was over the rate, by code. */
  | { type: 'Suppress'; counts: Readonly<Record<string, number>> };

const ATTRIBUTES_AT_MOST = 50;
/** How a name may look: what doesn't is more likely somebody's data. */
const attributeName = /^[A-Za-z$][\w.:$-]{0,199}$/;
const id = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** No values and nothing that could be one, whatever a client put where a name or an id belongs (decision 10). */
const withoutValues = ({ attributes, resourceId, ...rest }: AuditedRequest): AuditedRequest => ({
  ...rest,
  attributes: attributes.filter((name) => attributeName.test(name)).slice(0, ATTRIBUTES_AT_MOST),
  ...(resourceId !== undefined && id.test(resourceId) && { resourceId }),
});

const decide = (command: AttemptCommand): AttemptEvent[] => {
  switch (command.type) {
    case 'Record': {
      const attempt = withoutValues(command.attempt);
      return [command.kind === 'refused' ? RequestRefused(attempt) : RequestNoted(attempt)];
    }
    case 'Suppress':
      return Object.keys(command.counts).length === 0 ? [] : [AttemptsSuppressed({ counts: { ...command.counts } })];
  }
};

/** A log: nothing is decided by what came before. */
export const attemptDecider: Decider<null, AttemptCommand, AttemptEvent> = {
  initial: null,
  decide,
  evolve: () => null,
};
