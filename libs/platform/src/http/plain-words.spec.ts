import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { refusalOf } from './plain-words.ts';

const body = z.strictObject({
  name: z.string().min(1).max(200),
  role: z.enum(['admin', 'auditor']),
  count: z.int().min(0).max(10).optional(),
  open: z.boolean().optional(),
  ids: z.array(z.string()).min(1).max(2).optional(),
  at: z.iso.datetime().optional(),
  email: z.email().optional(),
  endpoint: z
    .union([z.strictObject({ url: z.string() }), z.strictObject({ template: z.string(), values: z.object({}) })])
    .optional(),
});
const errorsOf = (value: unknown) => {
  const { issues = [] } = body['~standard'].validate(value) as { issues?: Parameters<typeof refusalOf>[0] };
  return Object.fromEntries((refusalOf(issues).errors ?? []).map(({ field, message }) => [field, message]));
};
const valid = { name: 'Plum', role: 'admin' };

describe('what a schema refuses', () => {
  it.each([
    [{}, { name: 'Required.', role: 'Required.' }],
    [{ ...valid, name: 7 }, { name: 'Must be a string.' }],
    [{ ...valid, name: '' }, { name: 'Must not be empty.' }],
    [{ ...valid, name: 'x'.repeat(201) }, { name: 'Must have at most 200 characters.' }],
    [{ ...valid, role: 'boss' }, { role: 'Must be one of "admin", "auditor".' }],
    [{ ...valid, count: 'many' }, { count: 'Must be a number.' }],
    [{ ...valid, count: 0.5 }, { count: 'Must be a whole number.' }],
    [{ ...valid, count: 11 }, { count: 'Must be at most 10.' }],
    [{ ...valid, count: -1 }, { count: 'Must be at least 0.' }],
    [{ ...valid, open: 'yes' }, { open: 'Must be true or false.' }],
    [{ ...valid, ids: 'one' }, { ids: 'Must be a list.' }],
    [{ ...valid, ids: [] }, { ids: 'Must not be empty.' }],
    [{ ...valid, ids: ['a', 2] }, { 'ids[1]': 'Must be a string.' }],
    [{ ...valid, ids: ['a', 'b', 'c'] }, { ids: 'Must have at most 2 elements.' }],
    [{ ...valid, at: 'noon' }, { at: 'Must be an instant such as 2026-01-05T09:00:00Z.' }],
    [{ ...valid, email: 'ada' }, { email: 'Must be an e-mail address.' }],
    [{ ...valid, color: 'red' }, { '': 'Unknown field: "color".' }],
    [{ ...valid, endpoint: { url: 7 } }, { 'endpoint.url': 'Must be a string.' }],
    ['text', { '': 'Must be an object.' }],
    [undefined, { '': 'Required.' }],
  ])('is said in plain words, by the name of the field: %j', (value, errors) => {
    expect(errorsOf(value)).toMatchObject(errors);
  });

  it('is said in the detail as well, at most fifty times', () => {
    const many = z.array(z.string())['~standard'].validate(Array(1000).fill(1)) as { issues: [] };
    const refused = refusalOf(many.issues);
    expect(refused.errors).toHaveLength(50);
    expect(refused.message).toMatch(/^\[0\]: Must be a string\. \[1\]: Must be a string\./);
    const { issues } = body['~standard'].validate(undefined) as { issues: [] };
    expect(refusalOf(issues).message).toBe('A JSON body is required.');
  });
});
