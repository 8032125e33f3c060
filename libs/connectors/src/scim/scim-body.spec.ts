import { describe, expect, it } from '@jest/globals';
import { type JsonObject, applyPatch, parsePatch, profiles, sameValue, userType } from '@tenure/scim';
import fc from 'fast-check';
import { changedAttributes, toChanges, type AccountAttributes } from '@tenure/provisioning';
import type { TargetValue } from '@tenure/provisioning/connector';
import * as scim from './scim-body.ts';

const toScimBody = (values: AccountAttributes) => scim.toScimBody(values as Record<string, TargetValue>);
const toPatchOperations = (from: AccountAttributes, to: AccountAttributes, additive: string[] = []) =>
  scim.toPatchOperations(toChanges(from, to, additive));

const core = 'urn:ietf:params:scim:schemas:core:2.0:User';
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

describe('R36: the body of a new account', () => {
  it('holds every attribute at its place, and nothing empty', () => {
    expect(
      toScimBody({
        userName: 'ada',
        'name.givenName': 'Ada',
        'name.familyName': null,
        'name.formatted': 'Ada L',
        'emails[type eq "work"].value': 'ada@acme.example',
        'emails[type eq "work"].display': 'Ada',
        'emails[type eq "home"].value': 'ada@home.example',
        'phoneNumbers[type eq "work"].value': null,
        'roles[primary eq "True"].value': 'ADMIN',
        active: true,
        department: 'Sales',
        [`${enterprise}:manager`]: { value: 'bob' },
        'urn:acme:schemas:2.0:User:badge': 'red',
        entitlements: [{ value: 'x' }],
      }),
    ).toEqual({
      schemas: [core, enterprise, 'urn:acme:schemas:2.0:User'],
      userName: 'ada',
      name: { givenName: 'Ada', formatted: 'Ada L' },
      emails: [
        { type: 'work', value: 'ada@acme.example', display: 'Ada' },
        { type: 'home', value: 'ada@home.example' },
      ],
      roles: [{ primary: true, value: 'ADMIN' }],
      active: true,
      [enterprise]: { department: 'Sales', manager: { value: 'bob' } },
      'urn:acme:schemas:2.0:User': { badge: 'red' },
      entitlements: [{ value: 'x' }],
    });
  });

  it('combines the equalities of a filter into the element', () => {
    expect(toScimBody({ 'emails[type eq "work" and primary eq true].value': 'a@x.example' })).toEqual({
      schemas: [core],
      emails: [{ type: 'work', primary: true, value: 'a@x.example' }],
    });
  });
});

describe('R36: the update of an account', () => {
  it('is one operation with a path for each attribute that differs', () => {
    const from = {
      userName: 'ada',
      title: 'Analyst',
      active: true,
      'emails[type eq "work"].value': null,
      nickName: 'Lady',
    };
    const to = {
      userName: 'ada',
      title: 'Countess',
      active: false,
      'emails[type eq "work"].value': 'a@x.example',
      nickName: null,
      timezone: null,
      department: 'Sales',
    };
    expect(toPatchOperations(from, to)).toEqual([
      { op: 'replace', path: 'title', value: 'Countess' },
      { op: 'replace', path: 'active', value: false },
      { op: 'add', path: 'emails[type eq "work"].value', value: 'a@x.example' },
      { op: 'remove', path: 'nickName' },
      { op: 'add', path: `${enterprise}:department`, value: 'Sales' },
    ]);
  });

  it('R49: can be shown before it is made', () => {
    expect(changedAttributes({ title: 'A', active: true }, { title: 'B', active: true, nickName: 'N' })).toEqual([
      { target: 'title', from: 'A', to: 'B' },
      { target: 'nickName', from: null, to: 'N' },
    ]);
  });

  it('leaves alone what the desired attributes do not speak of', () => {
    expect(toPatchOperations({ timezone: 'Europe/Paris', userName: 'ada' }, { userName: 'ada' })).toEqual([]);
  });

  it('compares several values in any order', () => {
    expect(
      toPatchOperations(
        { userName: 'ada', roles: [{ value: 'a' }, { value: 'b' }] },
        { userName: 'ada', roles: [{ value: 'b' }, { value: 'a' }] },
      ),
    ).toEqual([]);
  });

  it('only adds to an additive target', () => {
    const from = { roles: [{ value: 'a' }, { value: 'b' }] };
    expect(toPatchOperations(from, { roles: [{ value: 'b' }, { value: 'c' }] }, ['roles'])).toEqual([
      { op: 'add', path: 'roles', value: [{ value: 'c' }] },
    ]);
    expect(toPatchOperations(from, { roles: [] }, ['roles'])).toEqual([]);
    expect(toPatchOperations(from, { roles: null }, ['roles'])).toEqual([]);
  });

  it('leads an app that keeps to the protocol to what a new account would hold', () => {
    const some = fc.option(fc.constantFrom('one', 'two', 'three'), { nil: null });
    const attributes = fc.record<AccountAttributes>({
      title: some,
      'name.givenName': some,
      'emails[type eq "work"].value': some,
      'phoneNumbers[type eq "work"].value': some,
      [`${enterprise}:department`]: some,
      roles: fc.option(
        fc
          .uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 })
          .map((values) => values.map((value) => ({ value }))),
        { nil: null },
      ),
    });
    fc.assert(
      fc.property(attributes, attributes, (from, to) => {
        const known = { userName: 'ada' };
        const operations = toPatchOperations(from, to);
        fc.pre(operations.length > 0);
        const body = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations };
        const { resource } = applyPatch(
          userType,
          toScimBody({ ...known, ...from } as AccountAttributes),
          parsePatch(userType, body, profiles.generic).operations,
          profiles.generic,
        );
        const { schemas: _, ...wanted } = toScimBody({ ...known, ...to } as AccountAttributes);
        // Removing a value leaves the element with its type: an app may keep that.
        const { schemas: __, ...got } = resource;
        expect(sameValue(withoutEmptyElements(got), wanted)).toBe(true);
      }),
    );
  });
});

const withoutEmptyElements = (resource: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(resource).flatMap(([name, value]) => {
      if (name !== 'emails' && name !== 'phoneNumbers') return [[name, value]];
      const elements = (value as JsonObject[]).filter((element) => 'value' in element);
      return elements.length > 0 ? [[name, elements]] : [];
    }),
  );
