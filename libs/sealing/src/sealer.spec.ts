import { describe, expect, it } from '@jest/globals';
import {
  decoder,
  defineEvent,
  encode,
  ERASED,
  type NewEvent,
  type DataSubject,
  type StreamName,
} from '@tenure/eventing';
import { z } from 'zod';
import type { KeyObject } from 'node:crypto';
import { newKey } from './cipher.ts';
import { sealer } from './sealer.ts';

const UserCreated = defineEvent('UserCreated', {
  data: z.object({ changed: z.array(z.string()) }),
  personal: z.object({ userName: z.string() }),
});
const metadata = {
  tenantId: 't1',
  actor: { kind: 'system' as const, id: 's' },
  commandId: 'c1',
  correlationId: 'c1',
  causationId: 'c1',
  occurredAt: '2026-01-05T09:00:00.000Z',
};

const keysInMemory = () => {
  const keys = new Map<string, KeyObject | typeof ERASED>([['ada', newKey()]]);
  const claims = newKey();
  return { keys, keyOf: async ({ personId }: DataSubject) => keys.get(personId), tenantKey: async () => claims };
};
const recorded = (event: NewEvent) => ({ ...event, stream: 'user-t1_ada' as StreamName, revision: 1 });

describe('a stored event', () => {
  const event = UserCreated({ changed: ['userName'] }, { userName: 'ada@example.com' });

  it('holds nothing personal that can be read, and is opened by the decoder', async () => {
    const sealing = sealer(keysInMemory());
    const stored = await encode(sealing, UserCreated, event, { id: 'e1', personId: 'ada', metadata });
    expect(JSON.stringify(stored)).not.toContain('ada@example.com');
    expect(Buffer.from(stored.personal!, 'base64').toString('latin1')).not.toContain('ada@example.com');
    expect((await decoder(sealing, [UserCreated])(recorded(stored))).event).toEqual(event);
  });

  it('reads as erased once the key is destroyed, and is an error when the key is lost (R85)', async () => {
    const keys = keysInMemory();
    const sealing = sealer(keys);
    const stored = await encode(sealing, UserCreated, event, { id: 'e1', personId: 'ada', metadata });
    const decode = decoder(sealing, [UserCreated]);
    keys.keys.set('ada', ERASED);
    expect((await decode(recorded(stored))).event).toEqual(UserCreated({ changed: ['userName'] }, ERASED));
    keys.keys.delete('ada');
    await expect(decode(recorded(stored))).rejects.toMatchObject({ name: 'KeyMissing' });
  });

  it('does not take the personal part of another event', async () => {
    const sealing = sealer(keysInMemory());
    const [first, second] = await Promise.all(
      ['e1', 'e2'].map((id) => encode(sealing, UserCreated, event, { id, personId: 'ada', metadata })),
    );
    await expect(
      decoder(sealing, [UserCreated])(recorded({ ...second!, personal: first!.personal! })),
    ).rejects.toMatchObject({ name: 'NotAuthentic' });
  });
});
