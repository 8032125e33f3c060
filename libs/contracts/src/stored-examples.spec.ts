import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { AnyDefinition } from '@tenure/eventing';
import type { AnyCommand } from './define-command.ts';
import * as contracts from './index.ts';

const source = fileURLToPath(new URL('.', import.meta.url));

const examples = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((path) => /examples\/.+\.v\d+\.json$/.test(path))
  .map((path) => {
    const [, name = '', version = ''] = /([^/]+)\.v(\d+)\.json$/.exec(path) ?? [];
    return {
      name,
      version: Number(version),
      stored: JSON.parse(readFileSync(`${source}${path}`, 'utf8')) as Record<string, unknown>,
    };
  });

const isEvent = (value: unknown): value is AnyDefinition => typeof value === 'function' && 'fromStored' in value;
const isCommand = (value: unknown): value is AnyCommand =>
  typeof value === 'object' && value !== null && 'pattern' in value && 'readReply' in value;

const exported: unknown[] = Object.values(contracts);
const events = exported.filter(isEvent);
const commands = exported.filter(isCommand);
const versionsOf = (wanted: string) => examples.filter(({ name }) => name === wanted).map(({ version }) => version);
const upTo = (version: number) => Array.from({ length: version }, (_, index) => index + 1);

describe('stored examples', () => {
  it.each(events.map((event) => [event.type, event] as const))(
    'of %s exist in every version and read as it is today',
    (type, event) => {
      expect(new Set(versionsOf(type))).toEqual(new Set(upTo(event.schemaVersion)));
      for (const { version, stored } of examples.filter(({ name }) => name === type))
        expect(event.fromStored(version, stored.data, stored.personal)).toMatchObject({ type });
    },
  );

  it.each(commands.map((command) => [command.pattern, command] as const))(
    'of %s exist in every version and read as it is today',
    (pattern, command) => {
      expect(new Set(versionsOf(pattern))).toEqual(new Set(upTo(command.version)));
      for (const { stored } of examples.filter(({ name }) => name === pattern)) {
        expect(() => command.read(stored.payload)).not.toThrow();
        expect(() => command.readReply(stored.reply)).not.toThrow();
      }
    },
  );

  it('are all of something that is defined', () => {
    const known = new Set([...events.map(({ type }) => type), ...commands.map(({ pattern }) => pattern)]);
    expect(examples.map(({ name }) => name).filter((name) => !known.has(name))).toEqual([]);
  });
});
