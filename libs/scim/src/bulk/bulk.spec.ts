import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type BulkOperation,
  type JsonObject,
  ScimProblem,
  bulkRequestSchema,
  parseBulk,
  planBulk,
  profiles,
  withIds,
  withoutReferences,
} from '../index.ts';

const limits = { maxOperations: 10, maxPayloadSize: 1_000_000 };
const parse = (...operations: JsonObject[]) =>
  parseBulk({ schemas: [bulkRequestSchema], Operations: operations }, limits, profiles.generic);

const post = (bulkId: string, ...members: string[]): JsonObject => ({
  method: 'POST',
  path: '/Groups',
  bulkId,
  data: { displayName: bulkId, members: members.map((one) => ({ value: `bulkId:${one}` })) },
});

describe('a bulk request', () => {
  it('is read with what its operations refer to', () => {
    const { failOnErrors, operations } = parseBulk(
      {
        schemas: [bulkRequestSchema],
        failOnErrors: 2,
        Operations: [
          { method: 'post', path: '/Users', bulkId: 'u', data: { userName: 'pia@bay.example' } },
          {
            method: 'POST',
            path: '/Groups/',
            bulkId: 'g',
            data: { displayName: 'Cooks', members: [{ value: 'bulkId:u' }] },
          },
          {
            method: 'PATCH',
            path: '/Groups/g-9',
            version: 'W/"3"',
            data: { Operations: [{ op: 'remove', path: 'members[value eq "bulkId:u"]' }] },
          },
          { method: 'PUT', path: '/Users/bulkId:u', data: {} },
          { method: 'DELETE', path: '//Users/u-1' },
          { method: 'DELETE', path: 'Users/u-2/' },
        ],
      },
      limits,
      profiles.strict,
    );
    expect(failOnErrors).toBe(2);
    expect(operations).toEqual([
      { method: 'POST', endpoint: '/Users', bulkId: 'u', data: { userName: 'pia@bay.example' }, references: [] },
      {
        method: 'POST',
        endpoint: '/Groups',
        bulkId: 'g',
        data: { displayName: 'Cooks', members: [{ value: 'bulkId:u' }] },
        references: ['u'],
      },
      {
        method: 'PATCH',
        endpoint: '/Groups',
        id: 'g-9',
        version: 'W/"3"',
        data: { Operations: [{ op: 'remove', path: 'members[value eq "bulkId:u"]' }] },
        references: ['u'],
      },
      { method: 'PUT', endpoint: '/Users', id: 'bulkId:u', data: {}, references: ['u'] },
      { method: 'DELETE', endpoint: '/Users', id: 'u-1', references: [] },
      { method: 'DELETE', endpoint: '/Users', id: 'u-2', references: [] },
    ]);
  });

  it.each<JsonObject>([
    { method: 'GET', path: '/Users/1' },
    { path: '/Users/1' },
    { method: 'DELETE', path: 7 },
    { method: 'POST', path: '/Users', data: {} },
  ])('is refused with %j, of which no answer could tell', (operation) => {
    expect(() => parse(operation)).toThrow(ScimProblem);
  });

  it.each<JsonObject>([
    { method: 'POST', path: '/Users/1', bulkId: 'a', data: {} },
    { method: 'POST', path: '/Users', bulkId: 'a' },
    { method: 'PUT', path: '/Users', data: {} },
    { method: 'DELETE', path: '/Users' },
    { method: 'DELETE', path: 'Users/1/2' },
    { method: 'DELETE' },
    { method: 'PATCH', path: '/Users/1', data: [] },
  ])('has %j fail alone (RFC 7644 §3.7.3)', (operation) => {
    const { operations } = parse(operation, post('z'));
    expect(operations).toEqual([
      expect.objectContaining({ method: operation.method, references: [], malformed: expect.any(ScimProblem) }),
      expect.not.objectContaining({ malformed: expect.anything() }),
    ]);
  });

  it('may leave out its schema, not where it is read to the letter', () => {
    expect(parseBulk({ Operations: [] }, limits, profiles.generic)).toEqual({ operations: [] });
    expect(() => parseBulk({ Operations: [] }, limits, profiles.strict)).toThrow(
      expect.objectContaining({ status: 400, scimType: 'invalidSyntax' }),
    );
  });

  it('is refused with a bulkId twice, and beyond its limits with 413 that names them', () => {
    expect(() => parse(post('a'), post('a'))).toThrow('A bulkId is used twice.');
    expect(() => parse(...Array.from({ length: 11 }, (_, at) => post(`b${at}`)))).toThrow(
      expect.objectContaining({ status: 413, detail: expect.stringContaining('maxOperations, 10') }),
    );
    expect(() => parseBulk({}, limits, profiles.generic, 2_000_000)).toThrow(
      expect.objectContaining({ status: 413, detail: expect.stringContaining('maxPayloadSize') }),
    );
  });
});

describe('the order of a bulk request', () => {
  const plan = (...operations: JsonObject[]) => planBulk(parse(...operations).operations);

  it('is its own where references allow', () => {
    expect(plan(post('a'), post('b', 'a'))).toEqual([
      { do: 'run', index: 0 },
      { do: 'run', index: 1 },
    ]);
  });

  it('creates first what is referred to', () => {
    expect(plan(post('a', 'c'), post('b'), post('c', 'b'))).toEqual([
      { do: 'run', index: 1 },
      { do: 'run', index: 2 },
      { do: 'run', index: 0 },
    ]);
  });

  it('enters a circle without the reference and completes it as soon as it can', () => {
    expect(plan(post('a', 'b'), post('b', 'a'))).toEqual([
      { do: 'runWithout', index: 1, bulkIds: ['a'] },
      { do: 'run', index: 0 },
      { do: 'complete', index: 1 },
    ]);
    expect(plan(post('a', 'b'), post('b', 'a'), { method: 'DELETE', path: '/Groups/bulkId:b' }).at(-1)).toEqual({
      do: 'run',
      index: 2,
    });
    expect(plan(post('a', 'a'))).toEqual([
      { do: 'runWithout', index: 0, bulkIds: ['a'] },
      { do: 'complete', index: 0 },
    ]);
  });

  it('refuses what refers to nothing', () => {
    expect(plan(post('a', 'x'), post('b'))).toEqual([
      { do: 'refuse', index: 0, bulkIds: ['x'] },
      { do: 'run', index: 1 },
    ]);
  });

  it('runs every operation once, each reference known by then or completed', () => {
    const requests = fc.array(fc.array(fc.nat(7), { maxLength: 3 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(requests, (references) => {
        const operations: BulkOperation[] = references.map((list, at) => ({
          method: 'POST',
          endpoint: '/Groups',
          bulkId: String(at),
          references: [...new Set(list.map(String))],
        }));
        const steps = planBulk(operations);
        const runs = steps.filter((step) => step.do !== 'complete');
        expect(runs.map(({ index }) => index).sort((a, b) => a - b)).toEqual(operations.map((_, at) => at));
        const done = new Set<string>();
        for (const step of steps) {
          if (step.do === 'complete') {
            expect(operations[step.index]!.references.filter((id) => !done.has(id))).toEqual([]);
            continue;
          }
          const without = step.do === 'runWithout' ? step.bulkIds : [];
          if (step.do !== 'refuse')
            expect(operations[step.index]!.references.filter((id) => !done.has(id) && !without.includes(id))).toEqual(
              [],
            );
          done.add(String(step.index));
        }
        const of = (what: string) =>
          steps
            .filter((step) => step.do === what)
            .map(({ index }) => index)
            .sort((a, b) => a - b);
        expect(of('complete')).toEqual(of('runWithout'));
      }),
    );
  });
});

describe('references', () => {
  const data: JsonObject = {
    displayName: 'bulkId',
    members: [{ value: 'bulkId:u', type: 'User' }, { value: 'u-2' }],
    Operations: [{ path: 'members[value eq "bulkId:u"]' }],
  };

  it('become ids wherever they stand', () => {
    expect(withIds(data, new Map([['u', 'u-1']]))).toEqual({
      displayName: 'bulkId',
      members: [{ value: 'u-1', type: 'User' }, { value: 'u-2' }],
      Operations: [{ path: 'members[value eq "u-1"]' }],
    });
  });

  it('are left out with the value that they stand for', () => {
    expect(withoutReferences({ ...data, manager: { value: 'bulkId:u' }, owner: 'bulkId:u' }, new Set(['u']))).toEqual({
      displayName: 'bulkId',
      members: [{ value: 'u-2' }],
      Operations: data.Operations,
    });
  });
});
