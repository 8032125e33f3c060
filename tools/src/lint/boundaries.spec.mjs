import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { lintInWorkspace } from './fixture.mjs';
import { layers, refusal } from './layers.mjs';
import { readWorkspace } from './workspace.mjs';

const packages = [...readWorkspace(fileURLToPath(new URL('../../..', import.meta.url))).values()];

const forbidden = [
  ['apps/scim-gateway/src/a.ts', "import { x } from '@tenure/directory-service'; x();", 'an app imports another'],
  ['apps/standalone/src/a.ts', "import { x } from '@tenure/sandbox-app'; x();", 'standalone imports the sandbox'],
  ['libs/platform/src/a.ts', "import { x } from '@tenure/directory'; x();", 'the platform imports a domain'],
  ['libs/messaging-kafka/src/a.ts', "import { x } from '@tenure/event-store-db'; x();", 'an adapter imports another'],
  ['libs/connectors/src/a.ts', "import { x } from '@tenure/platform'; x();", 'an adapter imports the platform'],
  ['libs/directory/src/a.ts', "import { x } from '@tenure/provisioning'; x();", 'a domain imports another'],
  [
    'libs/provisioning/src/a.ts',
    "import type { X } from '@tenure/directory'; export type Y = X;",
    'a domain imports a type of another',
  ],
  [
    'libs/provisioning/src/b.ts',
    "export type Y = import('@tenure/audit').X;",
    'a domain names a type of another in place',
  ],
  ['libs/audit/src/a.ts', "export * from '@tenure/event-store-postgres';", 'a domain re-exports an adapter'],
  [
    'libs/provisioning/src/c.ts',
    "export const load = () => import('@tenure/connectors');",
    'a domain loads an adapter later',
  ],
  [
    'libs/provisioning/src/d.spec.ts',
    "import { x } from '@tenure/directory/testing'; x();",
    'a test of a domain imports another',
  ],
  ['libs/scim/src/a.ts', "import { x } from '@tenure/eventing'; x();", 'the protocol imports the core'],
  ['libs/contracts/src/a.ts', "import { x } from '@tenure/scim'; x();", 'the contracts import the protocol'],
  ['libs/eventing/src/a.ts', "import { x } from '@tenure/contracts'; x();", 'the core imports contracts'],
  ['libs/messaging/src/a.ts', "import { x } from '@tenure/messaging-kafka'; x();", 'the core imports an adapter'],
  [
    'libs/eventing/src/b.ts',
    "import { x } from '@tenure/sealing'; x();",
    'the core imports a core that it does not depend on',
  ],
  ['libs/scim/src/b.ts', "import { x } from '../../eventing/src/index.ts'; x();", 'a relative path leaves its package'],
  ['libs/scim/src/c.ts', "import { x } from '@tenure/scim'; x();", 'a package imports itself by name'],
  ['libs/scim/src/d.ts', "import { x } from '@tenure/nowhere'; x();", 'a package that does not exist'],
  ['libs/directory/src/b.ts', "import { x } from '@tenure/eventing/testing'; x();", 'a test kit outside tests'],
  ['libs/directory/src/user/user.events.ts', "import { x } from '@tenure/sealing'; x();", 'events import sealing'],
  ['libs/directory/src/user/user.decider.ts', 'export const id = () => crypto.randomUUID();', 'a decider makes an id'],
  [
    'libs/directory/src/user/id.decider.ts',
    "import { createHash } from 'node:crypto'; createHash('sha256');",
    'a decider imports from Node',
  ],
  [
    'libs/directory/src/user/a.decider.ts',
    "import { x } from '@tenure/database'; x();",
    'a decider imports the database',
  ],
  ['libs/directory/src/user/b.decider.ts', 'export const now = () => Date.now();', 'a decider asks the clock'],
  ['libs/directory/src/user/c.decider.ts', 'export const now = () => new Date();', 'a decider makes a date of now'],
  ['libs/directory/src/user/d.decider.ts', 'export const chance = () => Math.random();', 'a decider throws dice'],
  ['libs/directory/src/c.ts', 'export const port = process.env.TENURE_PORT;', 'the environment is read past config.ts'],
  ['libs/directory/src/d.ts', "console.log('Ada');", 'a library prints'],
];

const allowed = [
  [
    'apps/standalone/src/a-allowed.ts',
    "import { x } from '@tenure/scim-gateway'; x();",
    'standalone imports a service',
  ],
  [
    'apps/standalone/src/testing/a-allowed.ts',
    "import { x } from '@tenure/sandbox-app'; x();",
    'a test of standalone imports the sandbox',
  ],
  [
    'apps/mapping-service/src/a-allowed.ts',
    "import { x } from '@tenure/connectors'; x();",
    'an app imports an adapter',
  ],
  [
    'libs/platform/src/a-allowed.ts',
    "import { x } from '@tenure/messaging-kafka'; x();",
    'the platform imports an adapter',
  ],
  [
    'libs/connectors/src/a-allowed.ts',
    "import { x } from '@tenure/provisioning'; x();",
    'an adapter imports the domain whose port it implements',
  ],
  ['libs/directory/src/a-allowed.ts', "import { x } from '@tenure/scim'; x();", 'a domain imports the protocol'],
  ['libs/messaging/src/a-allowed.ts', "import { x } from '@tenure/eventing'; x();", 'the core imports the core'],
  [
    'libs/directory/src/a-allowed.spec.ts',
    "import { x } from '@tenure/eventing/testing'; x();",
    'a test imports a test kit',
  ],
  [
    'libs/messaging/src/testing/a-allowed.ts',
    "import { x } from '@tenure/eventing/testing'; x();",
    'a test kit imports a test kit',
  ],
  ['libs/scim/src/filter/a-allowed.ts', "import { x } from '../path.ts'; x();", 'a relative path inside the package'],
  [
    'libs/directory/src/user/allowed.decider.ts',
    "import { Rejected } from '@tenure/eventing'; export const at = (now) => new Date(now); export { Rejected };",
    'a decider reads an instant that it was given',
  ],
  ['libs/platform/src/config.ts', 'export const port = process.env.TENURE_PORT;', 'config.ts reads the environment'],
];

describe('the boundaries between packages', () => {
  let messages;
  beforeAll(async () => {
    messages = await lintInWorkspace(
      packages,
      Object.fromEntries([...forbidden, ...allowed].map(([file, text]) => [file, text])),
    );
  }, 60_000);

  it.each(forbidden.map(([file, , name]) => [name, file]))('refuse: %s', (_name, file) => {
    expect(messages[file]).toHaveLength(1);
  });

  it.each(allowed.map(([file, , name]) => [name, file]))('allow: %s', (_name, file) => {
    expect(messages[file]).toEqual([]);
  });

  it('say who may not import whom, and why', () => {
    expect(messages['libs/directory/src/a.ts']).toEqual([
      '@tenure/directory (domain) must not import @tenure/provisioning (domain): domains meet only through messages (design 13), and choose no adapter.',
    ]);
  });
});

describe('the package files', () => {
  it('give every package a known layer', () => {
    expect(packages.filter(({ layer }) => !layers[layer]).map(({ name }) => name)).toEqual([]);
  });

  it('list no dependency that the layers forbid', () => {
    const byName = new Map(packages.map((one) => [one.name, one]));
    const ours = packages.flatMap((from) =>
      from.dependencies
        .filter((name) => byName.has(name))
        .map((name) => refusal(from, byName.get(name), { inTest: true })),
    );
    expect(ours.filter(Boolean)).toEqual([]);
  });
});
