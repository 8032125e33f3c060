import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant } from './testing/world.ts';

/**
 * What identity providers say and must be answered, one file per conversation: `conversations/{profile}/{name}.json`, replayed against a
 * tenant of its own. A quirk is a file. How they are written: `conversations/README.md`.
 */
type Json = any;
type Step = {
  cites?: string;
  method: string;
  path: string;
  headers?: Record<string, string | null>;
  body?: Json;
  expect: { status: number; headers?: Record<string, string>; body?: Json; absent?: string[]; empty?: true };
  keep?: Record<string, string>;
};
type Conversation = { cites: string; settings?: object; steps: Step[] };
type Client = { headers: Record<string, string> };

const folder = fileURLToPath(new URL('./conversations/', import.meta.url));
const read = <T>(path: string): T => JSON.parse(readFileSync(`${folder}${path}`, 'utf8')) as T;
const profiles = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
const namesOf = (profile: string) =>
  readdirSync(`${folder}${profile}`).filter((name) => name.endsWith('.json') && name !== 'client.json');

/** `{{name}}` anywhere in text is what a step before kept. */
const filled = (value: Json, kept: Map<string, Json>): Json => {
  if (typeof value === 'string') {
    const whole = /^\{\{(\w+)\}\}$/.exec(value)?.[1];
    return whole === undefined
      ? value.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(valueOf(name, kept)))
      : valueOf(whole, kept);
  }
  if (Array.isArray(value)) return value.map((one) => filled(one, kept));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [filled(name, kept), filled(one, kept)]));
  return value;
};

const valueOf = (name: string, kept: Map<string, Json>): Json => {
  if (!kept.has(name)) throw new Error(`No step before has kept {{${name}}}.`);
  return kept.get(name);
};

/** `<string>` and `<number>` stand for any of their kind, `{"<set>": […]}` for a list in any order. */
const expected = (value: Json): Json => {
  if (value === '<string>') return expect.any(String);
  if (value === '<number>') return expect.any(Number);
  if (Array.isArray(value)) return value.map(expected);
  if (typeof value !== 'object' || value === null) return value;
  if ('<set>' in value)
    return expect.arrayContaining(value['<set>'].map((one: Json) => expect.objectContaining(expected(one))));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, expected(one)]));
};

/** By a JSON pointer (RFC 6901). */
const at = (body: Json, pointer: string): Json =>
  pointer
    .split('/')
    .slice(1)
    .reduce(
      (value, name) =>
        value === undefined || value === null ? undefined : value[name.replaceAll('~1', '/').replaceAll('~0', '~')],
      body,
    );

/** As it goes over the wire: what a client has encoded itself stays. */
const onTheWire = (path: string) => path.replace(/[ "<>]/g, (character) => encodeURIComponent(character));

/** `null` takes a header away. */
const sent = (headers: Record<string, string | null>) =>
  Object.entries(headers).filter((header): header is [string, string] => header[1] !== null);

let system: TestSystem;
beforeAll(async () => {
  system = await testSystem();
});
afterAll(() => system?.close());

describe.each(profiles)('%s', (profile) => {
  const { headers: usual } = read<Client>(`${profile}/client.json`);

  it.each(namesOf(profile))('%s', async (name) => {
    const { cites, settings, steps } = read<Conversation>(`${profile}/${name}`);
    const idp = await (await makeTenant(system)).connect(profile, settings);
    const kept = new Map<string, Json>([['base', idp.scimUrl]]);

    for (const [index, step] of steps.entries()) {
      const { method, path, headers = {}, body, expect: wanted } = filled({ ...step, keep: undefined }, kept) as Step;
      const response = await fetch(`${idp.scimUrl}${onTheWire(path)}`, {
        method,
        headers: sent({ authorization: `Bearer ${idp.token}`, ...usual, ...headers }),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const where = `${profile}/${name} (${step.cites ?? cites}) step ${index + 1}: ${method} ${path}`;
      const answer = { where, status: response.status, ...(text !== '' && { body: JSON.parse(text) as Json }) };
      expect(answer).toMatchObject({
        where,
        status: wanted.status,
        ...(wanted.body !== undefined && { body: expected(wanted.body) }),
      });
      if (wanted.empty || wanted.status === 204) expect({ where, text }).toEqual({ where, text: '' });
      if (text !== '') expect(response.headers.get('content-type')).toMatch(/^application\/scim\+json/);
      for (const [header, value] of Object.entries(wanted.headers ?? {}))
        expect({ where, [header]: response.headers.get(header) }).toEqual({
          where,
          [header]: expect.stringContaining(value),
        });
      for (const pointer of wanted.absent ?? [])
        expect({ where, [pointer]: at(answer.body, pointer) }).toEqual({ where, [pointer]: undefined });
      for (const [variable, pointer] of Object.entries(step.keep ?? {})) kept.set(variable, at(answer.body, pointer));
    }
  });
});
