import { RecordAttempt, type AuditedRequest } from '@tenure/contracts';
import type { Caller } from '@tenure/eventing';
import type { DirectoryClient } from '@tenure/platform';
import type { Note } from '@tenure/scim';
import type { ScimContext } from './scim-context.ts';

/** Who asked for what, and what was answered. */
export type Asked = Pick<Caller, 'tenantId' | 'connectionId' | 'correlationId' | 'traceparent'> & { operation: string };

/** What is refused or tolerated at the door and must be audited (design, decision 10; R70). Awaits no reply; codes and names only. */
export type Attempts = {
  refused: (asked: Asked, code: string, status: number) => void;
  /** Who asked for what another connection has (R70). Returns what they get of it: nothing, as of what is not there. */
  unseen: (
    context: Pick<ScimContext, 'caller' | 'operation'>,
    resourceType: 'user' | 'group' | 'resource',
    resourceId: string,
  ) => undefined;
  /** Of a request that a connection may make. */
  noted: (context: Pick<ScimContext, 'caller' | 'operation'>, notes: readonly Note[]) => void;
};

export const attempts = (directory: DirectoryClient): Attempts => {
  const record = (
    { operation, ...who }: Asked,
    kind: 'refused' | 'noted',
    attempt: Omit<AuditedRequest, 'operation'>,
  ) => {
    const id = who.connectionId!;
    directory.emit(RecordAttempt, { ...who, actor: { kind: 'connection', id } }, id, {
      kind,
      attempt: { ...attempt, operation },
    });
  };
  return {
    refused: (asked, code, status) => record(asked, 'refused', { code, status, attributes: [] }),
    unseen: ({ caller, operation }, resourceType, resourceId) => {
      record({ ...caller, operation }, 'refused', {
        code: `${resourceType}/unseen`,
        status: 404,
        resourceType,
        resourceId,
        attributes: [],
      });
      return undefined;
    },
    noted: ({ caller, operation }, notes) => {
      const asked = { ...caller, operation };
      for (const code of new Set(notes.map((note) => note.code)))
        record(asked, 'noted', {
          code: `scim/${code}`,
          status: 200,
          attributes: notes.filter((note) => note.code === code).map(({ attribute }) => attribute),
        });
    },
  };
};
