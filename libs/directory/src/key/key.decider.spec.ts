import { describe, it } from '@jest/globals';
import { KeyCreated, KeyDeleted } from '@tenure/contracts';
import { given } from '@tenure/eventing/testing';
import { keyDecider } from './key.decider.ts';

const key = given(keyDecider);

const monday = '2026-01-05T09:00:00.000Z';
const friday = '2026-01-09T09:00:00.000Z';
const wanted = {
  name: 'Terraform',
  role: 'admin' as const,
  secretId: 's-1',
  hint: '…4f2a',
  expiresAt: friday,
  consumerMail: false,
  adminId: null,
};
const created = KeyCreated(wanted);

describe('a key for machines (R110)', () => {
  it('is created once, to expire in the future or never', () => {
    key()
      .when({ type: 'Create', now: monday, ...wanted })
      .then(created);
    key()
      .when({ type: 'Create', now: friday, ...wanted, expiresAt: null })
      .then(KeyCreated({ ...wanted, expiresAt: null }));
    key()
      .when({ type: 'Create', now: friday, ...wanted })
      .thenRejected('key/expiry');
    key(created)
      .when({ type: 'Create', now: monday, ...wanted })
      .thenRejected('key/exists');
  });

  it('is deleted once', () => {
    key(created)
      .when({ type: 'Delete' })
      .then(KeyDeleted({ secretId: 's-1' }));
    key(created, KeyDeleted({ secretId: 's-1' }))
      .when({ type: 'Delete' })
      .thenRejected('key/unknown');
    key().when({ type: 'Delete' }).thenRejected('key/unknown');
  });
});
