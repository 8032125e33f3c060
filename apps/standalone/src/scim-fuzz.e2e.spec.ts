import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { printFilter } from '@tenure/scim';
import { filters } from '@tenure/scim/testing';
import fc from 'fast-check';
import type { Answer } from './testing/client.ts';
import { testSystem, type TestSystem } from './testing/system.ts';
import { ENTERPRISE, makeTenant, operations, person, SCIM_GROUP, SCIM_USER, type IdentityProvider, type Tenant } from './testing/world.ts';

let system: TestSystem;
let idps: IdentityProvider[];
let ada: string;
let readers: string;
let thing: string;
let tenant: Tenant;

const THING = 'urn:example:fuzz:2.0:Thing';
/** Of every type, in every number. */
const attributes = ['string', 'boolean', 'decimal', 'integer', 'dateTime', 'binary'].flatMap((type) => [{ name: `${type}One`, type }, { name: `${type}Many`, type, multiValued: true }]);

beforeAll(async () => {
  system = await testSystem();
  tenant = await makeTenant(system);
  const parts = [{ name: 'value' }, { name: 'type' }, { name: 'primary', type: 'boolean' }, { name: 'display', type: 'integer' }];
  await tenant.directory.ok('PUT', `/schemas/${THING}`, { name: 'Thing', attributes: [...attributes, { name: 'name', type: 'complex', subAttributes: parts }, { name: 'emails', type: 'complex', multiValued: true, subAttributes: parts }] });
  await tenant.directory.ok('PUT', '/resource-types/Thing', { endpoint: '/Things', schema: THING });
  await tenant.directory.ok('PUT', '/resource-types/User', { schemaExtensions: [{ schema: THING }] });
  idps = [await tenant.connect('generic'), await tenant.connect('strict')];
  ada = await idps[0]!.hire('ada', { phoneNumbers: [{ type: 'work', value: '1' }], roles: [{ value: 'x' }], [ENTERPRISE]: { department: 'Ovens' } });
  readers = await idps[0]!.group('Readers', ada);
  thing = (await idps[0]!.scim.ok('POST', '/Things', { schemas: [THING], stringOne: 'x', stringMany: ['x', 'y'], emails: [{ value: 'x', type: 'work' }] })).id;
});
afterAll(() => system?.close());

/** Bounded by time too: a slow machine tries fewer. */
const tries = { numRuns: 150, interruptAfterTimeLimit: 15_000 };
const check = (answer: Answer) => {
  expect(answer.text).not.toContain('Something went wrong');
  expect([200, 201, 204, 304, 400, 401, 403, 404, 405, 409, 412, 413, 415, 501]).toContain(answer.status);
  if (answer.status >= 400) expect(answer.body).toMatchObject({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: String(answer.status) });
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  return answer;
};
const idp = fc.nat(1).map((at) => idps[at]!);

/** Half a character can't be in a URL. */
const wellFormed = (text: string) => text.replace(/\p{Surrogate}/gu, '');

const names = fc.constantFrom(
  'userName', 'USERNAME', 'id', 'active', 'name', 'name.givenName', 'emails', 'emails.value', 'members', 'members.value', 'groups', 'meta', 'meta.lastModified', 'schemas', 'password', 'displayName', 'roles', 'x509Certificates', 'externalId',
  ...attributes.map(({ name }) => name), THING, `${THING}:stringOne`, `${THING}:emails.value`,
  'manager', ENTERPRISE, `${ENTERPRISE}:manager`, `${ENTERPRISE}:manager.value`, `${SCIM_USER}:userName`, '__proto__', 'constructor', 'constructor.prototype.polluted', 'toString', 'nothing', '', '$ref', 'a b', 'é', '🦊',
);
const words = fc.oneof(names, fc.constantFrom('[', ']', '(', ')', '"', '\\', ' ', '.', ':', ',', '%', '\u0000', '\ud800', 'eq', 'ne', 'co', 'gt', 'pr', 'and', 'or', 'not', 'true', 'null', '1e999', '-0', '"work"', '[type eq "work"]', '.value'), fc.string({ maxLength: 5, unit: 'binary' }));
const phrases = fc.array(words, { maxLength: 12 }).chain((list) => fc.constantFrom(list.join(' '), list.join('')));

const values: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4, depthSize: 'small' }, fc.constantFrom<unknown>(null, true, false, 0, -1, 1e308, '', 'True', 'x', 'ada@plum.example', '2026-01-05T09:00:00Z', '\u0000', '\udfff'), phrases, fc.array(tie('value'), { maxLength: 4 }), tie('object')),
  object: fc.array(fc.tuple(fc.oneof(names, fc.constantFrom('value', 'type', 'primary', 'display', 'givenName')), tie('value')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
})).value!;

const operation = fc.record({ op: fc.constantFrom<unknown>('add', 'replace', 'remove', 'Add', 'move', 1, null), path: fc.oneof(names, phrases, fc.constantFrom<unknown>(undefined, 1)), value: values }, { requiredKeys: [] });
const patches = fc.array(operation, { maxLength: 4 }).map((list) => operations(...list));
const targets = () => fc.constantFrom(`/Users/${ada}`, `/Groups/${readers}`, `/Things/${thing}`);

describe('whatever is sent, nothing breaks', () => {
  it('as a filter, as sorting, as attributes', async () => {
    await fc.assert(
      fc.asyncProperty(idp, fc.constantFrom('/Users', '/Groups', '/Things', ''), fc.constantFrom('filter', 'sortBy', 'attributes', 'excludedAttributes', 'count', 'startIndex', 'cursor', 'sortOrder'), phrases, async ({ scim }, path, name, text) => {
        check(await scim.get(`${path}/?${name}=${encodeURIComponent(wellFormed(text))}`));
        check(await scim.post(`${path}/.search`, { [name]: text }));
      }),
      tries,
    );
  });

  it('and a filter that is well formed is answered', async () => {
    await fc.assert(
      fc.asyncProperty(filters, async (filter) => {
        const text = printFilter(filter);
        fc.pre(text.length < 4000);
        const { status, text: answered } = check(await idps[0]!.scim.get(`/Users?filter=${encodeURIComponent(text)}`));
        expect({ text, status, answered }).toMatchObject({ status: 200 });
      }),
      tries,
    );
  });

  it('as a path', async () => {
    await fc.assert(
      fc.asyncProperty(idp, fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'), fc.constantFrom('/Users/', '/Groups/', '/Things/', '/Nothing/', '/Schemas/', '/ResourceTypes/', '/', '/Bulk/', '/.search/'), phrases, fc.boolean(), async ({ scim }, method, path, text, encoded) => {
        const tail = encoded ? encodeURIComponent(wellFormed(text)) : text.replace(/[^\x21-\x7e]|[?#]/g, '%');
        check(await scim.call(method as 'GET', `${path}${tail}`, method === 'GET' || method === 'DELETE' ? undefined : {}));
      }),
      tries,
    );
  });

  it('as a PATCH, and one that is refused has changed nothing', async () => {
    await fc.assert(
      fc.asyncProperty(targets(), patches, async (target, body) => {
        const { scim } = idps[0]!;
        const before = await scim.ok('GET', target);
        const { status } = check(await scim.patch(target, body));
        if (status >= 400) expect(await scim.ok('GET', target)).toEqual(before);
      }),
      tries,
    );
  });

  it('as a body of POST and PUT', async () => {
    await fc.assert(
      fc.asyncProperty(idp, fc.constantFrom('/Users', '/Groups', '/Things'), values, fc.boolean(), async ({ scim }, path, body, plausible) => {
        const schema = path === '/Users' ? SCIM_USER : path === '/Groups' ? SCIM_GROUP : THING;
        const sent = plausible && typeof body === 'object' && body !== null ? { schemas: [schema], userName: 'some@plum.example', displayName: 'Some', ...body } : body;
        const created = check(await scim.post(path, sent));
        if (created.status === 201) check(await scim.put(`${path}/${created.body.id}`, sent));
        if (created.status === 201) expect(check(await scim.delete(`${path}/${created.body.id}`)).status).toBe(204);
      }),
      tries,
    );
  });

  it('as a definition of an admin’s own (R71)', async () => {
    const anAttribute = fc.record({ name: fc.oneof(names, phrases), type: fc.constantFrom<unknown>('string', 'complex', 'reference', 'text', 1), subAttributes: fc.constantFrom<unknown>([{ name: 'value' }], [], 'x'), uniqueness: fc.constantFrom<unknown>('server', 'none', 'x'), multiValued: values }, { requiredKeys: ['name'] });
    const aSchema = fc.record({ name: names, attributes: fc.oneof(fc.array(anAttribute, { maxLength: 3 }), values), description: values, more: values }, { requiredKeys: ['name', 'attributes'] });
    const aType = fc.record({ endpoint: fc.oneof(names, fc.constantFrom('/Odd', '/Users', '/../x')), schema: fc.constantFrom<unknown>(THING, SCIM_USER, 'x', 1), schemaExtensions: fc.oneof(values, fc.constantFrom([{ schema: THING }])) }, { requiredKeys: [] });
    const urn = fc.oneof(fc.constantFrom('urn:example:odd', THING, SCIM_USER), phrases);
    const clean = (answer: Answer) => {
      expect(answer.text).not.toContain('Something went wrong');
      expect([200, 204, 400, 404, 405, 409, 414]).toContain(answer.status);
      expect(Object.keys(Object.prototype)).toEqual([]);
    };
    await fc.assert(
      fc.asyncProperty(urn, aSchema, names, aType, async (id, schema, name, type) => {
        const at = (text: string) => encodeURIComponent(wellFormed(text));
        clean(await tenant.directory.put(`/schemas/${at(id)}`, schema));
        clean(await tenant.directory.put(`/resource-types/${at(name)}`, type));
        check(await idps[0]!.scim.get('/ResourceTypes'));
        check(await idps[0]!.scim.get('/Schemas'));
        clean(await tenant.directory.delete(`/resource-types/${at(name)}`));
        clean(await tenant.directory.delete(`/schemas/${at(id)}`));
      }),
      tries,
    );
    expect((await idps[0]!.scim.ok('GET', '/ResourceTypes')).Resources.map(({ name }: { name: string }) => name)).toContain('Thing');
  });

  it('as text that is hardly JSON', async () => {
    const whole = JSON.stringify(person('text'));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length), fc.nat(10), fc.string({ maxLength: 8, unit: 'binary' }), async (from, length, instead) => {
        const body = Buffer.from(whole.slice(0, from) + instead + whole.slice(from + length));
        const { scimUrl, token } = idps[0]!;
        const response = await fetch(`${scimUrl}/Users`, { method: 'POST', body, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' } });
        const text = await response.text();
        const { id } = check({ status: response.status, headers: response.headers, text, body: JSON.parse(text) }).body;
        if (id !== undefined) await idps[0]!.scim.delete(`/Users/${id}`);
      }),
      tries,
    );
  });

  it('as a bulk request', async () => {
    const paths = fc.oneof(fc.constantFrom<unknown>('/Users', '/Groups', '/Users/bulkId:a', '/Nope', '/Users/%00', undefined), phrases.map((text) => `/Users/${text}`));
    const one = fc.record({ method: fc.constantFrom<unknown>('POST', 'PUT', 'PATCH', 'DELETE', 'GET', 7), path: paths, bulkId: fc.constantFrom<unknown>('a', 'b', 'c', 'd', undefined), version: fc.constantFrom<unknown>(undefined, 'W/"1"', '*', 'x'), data: fc.oneof(values, patches, fc.constantFrom({ userName: 'bulkId:a' }, { displayName: 'b', members: [{ value: 'bulkId:a' }, { value: 'bulkId:b' }] })) }, { requiredKeys: ['method', 'path'] });
    await fc.assert(
      fc.asyncProperty(idp, fc.array(one, { maxLength: 4 }), fc.constantFrom<unknown>(undefined, 1, 0, 'x'), async ({ scim }, Operations, failOnErrors) => {
        const { status, body } = check(await scim.post('/Bulk', { Operations, failOnErrors }));
        if (status === 200) for (const done of body.Operations) expect(done.status).toMatch(/^[24]\d\d$/);
      }),
      tries,
    );
  });
});
