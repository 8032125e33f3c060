import { describe, expect, it } from '@jest/globals';
import type { ClientProxy } from '@nestjs/microservices';
import { PatchUser, RecordAttempt } from '@tenure/contracts';
import { Rejected, type Caller, type RejectionKind } from '@tenure/eventing';
import { of, throwError } from 'rxjs';
import { directoryClient } from './command-client.ts';

const idp: Caller = {
  tenantId: 'acme',
  actor: { kind: 'connection', id: 'entra' },
  connectionId: 'entra',
  correlationId: 'request-1',
};

/** What was emitted while the directory refused a command. */
const emittedWhen = async (kind: RejectionKind, code: string, caller = idp) => {
  const emitted: [string, any][] = [];
  const transport = {
    send: () => throwError(() => new Rejected(kind, code, 'No.')),
    emit: (pattern: string, message: unknown) => {
      emitted.push([pattern, message]);
      return of(undefined);
    },
  };
  const sent = directoryClient(transport as unknown as ClientProxy).send(PatchUser, caller, 'ada', { operations: [] });
  await expect(sent).rejects.toMatchObject({ code });
  return emitted;
};

describe('a command that the directory refuses (R65, R70)', () => {
  it('is audited where a lock held or a gate was shut, with the connection that asked', async () => {
    const [[pattern, message] = []] = await emittedWhen('conflict', 'user/token-issuer');
    expect(pattern).toBe(RecordAttempt.pattern);
    expect(message).toMatchObject({ tenantId: 'acme', key: 'entra', connectionId: 'entra', causationId: 'request-1' });
    expect(RecordAttempt.read(message.payload)).toEqual({
      kind: 'refused',
      attempt: {
        code: 'user/token-issuer',
        operation: 'user.patch',
        status: 409,
        resourceType: 'user',
        resourceId: 'ada',
        attributes: [],
      },
    });
    expect(await emittedWhen('forbidden', 'connection/disabled')).toHaveLength(1);
    expect(await emittedWhen('not-found', 'user/unseen')).toHaveLength(1);
    expect(await emittedWhen('not-found', 'user/unknown')).toHaveLength(0);
  });

  it('is audited with the admin who asked', async () => {
    const [[, message] = []] = await emittedWhen('conflict', 'admin/token-issuer', {
      tenantId: 'acme',
      actor: { kind: 'admin', id: 'sue' },
      correlationId: 'request-2',
    });
    expect(message).toMatchObject({ key: 'sue', actor: { kind: 'admin', id: 'sue' } });
  });

  it('is not, where it is everyday: a name that is taken, a value that is wrong, a stale version', async () => {
    expect(await emittedWhen('taken', 'user/name-taken')).toEqual([]);
    expect(await emittedWhen('invalid', 'scim/invalidValue')).toEqual([]);
    expect(await emittedWhen('stale', 'user/stale')).toEqual([]);
  });
});
