import { describe, expect, it } from '@jest/globals';
import { AdminAdded, AdminEnrolled, AdminRemoved, AdminRoleChanged } from '@tenure/contracts';
import { given } from '@tenure/eventing/testing';
import { adminClaims, adminDecider } from './admin.decider.ts';
import { isConsumerMail } from './consumer-mail.ts';

const admin = given(adminDecider);
const ada = { userId: 'u-ada', role: 'admin', keyId: 'k-1', keyHint: '…4f2a', consumerMail: false } as const;
const added = AdminAdded(ada);
const lockedBy = { connectionId: 'c-1', connectionName: 'Entra' };

describe('an admin', () => {
  it('is added with a role and a key, and holds the user: one is an admin once', () => {
    admin()
      .when({ type: 'Add', ...ada })
      .then(added);
    expect(adminClaims({ status: 'present', ...ada })).toMatchObject([
      { kind: 'admin', value: 'u-ada', code: 'admin/exists' },
    ]);
    expect(adminClaims({ status: 'removed' })).toEqual([]);
  });

  it('changes role and is removed', () => {
    admin(added)
      .when({ type: 'ChangeRole', role: 'super_admin' })
      .then(AdminRoleChanged({ role: 'super_admin' }));
    admin(added).when({ type: 'ChangeRole', role: 'admin' }).thenNothing();
    admin(added)
      .when({ type: 'Remove' })
      .then(AdminRemoved({ userId: 'u-ada', keyId: 'k-1' }));
    admin(added, AdminRemoved({ userId: 'u-ada', keyId: 'k-1' }))
      .when({ type: 'Remove' })
      .thenRejected('admin/unknown');
  });

  it('who signs in through the provider has the role that it tells, also after they were removed (R110)', () => {
    const bea = { userId: 'u-bea', role: 'admin', issuer: 'https://login.example', consumerMail: false } as const;
    const enrolled = AdminEnrolled(bea);
    const signsIn = { type: 'Enrol', ...bea } as const;
    admin().when(signsIn).then(enrolled);
    admin(enrolled).when(signsIn).thenNothing();
    admin(enrolled)
      .when({ ...signsIn, role: 'auditor' })
      .then(AdminRoleChanged({ role: 'auditor' }));
    admin(enrolled)
      .when({ ...signsIn, role: 'auditor', lockedBy })
      .thenNothing();
    admin(enrolled)
      .when({ ...signsIn, consumerMail: true })
      .then(AdminEnrolled({ ...bea, consumerMail: true }));
    admin(enrolled).when({ type: 'ChangeRole', role: 'auditor' }).thenRejected('admin/role-from-provider');
    const removed = AdminRemoved({ userId: 'u-bea', keyId: null });
    admin(enrolled).when({ type: 'Remove' }).then(removed);
    admin(enrolled, removed).when(signsIn).then(enrolled);
  });

  it('keeps role and place while a token lives that they issued (R7)', () => {
    admin(added).when({ type: 'ChangeRole', role: 'auditor', lockedBy }).thenRejected('admin/token-issuer');
    admin(added).when({ type: 'Remove', lockedBy }).thenRejected('admin/token-issuer');
    admin(added).when({ type: 'ChangeRole', role: 'admin', lockedBy }).thenNothing();
  });

  it('is told by which token (R7)', () => {
    expect(() => adminDecider.decide({ type: 'Remove', lockedBy }, { status: 'present', ...ada })).toThrow(
      'Entra (c-1)',
    );
  });
});

describe('an address of a consumer mail domain (R6)', () => {
  it.each(['ada@gmail.com', 'ada@GMAIL.com', '"a@b"@outlook.com'])('is known: %s', (address) =>
    expect(isConsumerMail(address)).toBe(true),
  );
  it.each(['ada@plum.example', 'ada@gmail.com.plum.example', 'gmail.com@plum.example'])('is not: %s', (address) =>
    expect(isConsumerMail(address)).toBe(false),
  );
});
