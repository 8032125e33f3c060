import { describe, expect, it } from '@jest/globals';
import { variables } from '../../../libs/platform/src/config/environment.ts';
import { inOrder, readText, sources } from './workspace.mjs';

/** Rows of a table whose first cell is a variable in backticks. */
const rowsOf = (text) =>
  new Map([...text.matchAll(/^\| `([A-Z_]+)` \| ([^|]*) \|/gm)].map(([, name, value]) => [name, value.trim()]));

const section = (text, heading) => text.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';

const configuration = section(readText('README.md'), 'Configuration');
const [ours, others = ''] = configuration.split('### The sandbox');

/** What a variable is where it is not set, as the table writes it. */
const shown = (value) => {
  if (value === undefined || value === '' || value?.length === 0) return 'none';
  return `\`${typeof value === 'object' ? value.kind : value}\``;
};

/** `NAME: z.coerce.number().default(8090)` or `NAME: variables.NAME` of a schema that belongs to one app. */
const ownVariables = (path) => {
  const own = [...readText(path).matchAll(/^\s+([A-Z_]+): z\..*\.default\('?([^')]*)'?\),$/gm)].map(
    ([, name, value]) => [name, `\`${value}\``],
  );
  const shared = [...readText(path).matchAll(/^\s+([A-Z_]+): variables\.\1,$/gm)].map(([, name]) => [
    name,
    shown(variables[name].safeParse(undefined).data),
  ]);
  return new Map([...own, ...shared]);
};

describe('the configuration in the README', () => {
  it('lists every variable, and none that is not read', () => {
    expect([...rowsOf(ours).keys()].sort(inOrder)).toEqual(Object.keys(variables).sort(inOrder));
  });

  it.each(Object.entries(variables))('tells the default of %s', (name, schema) => {
    const { data } = schema.safeParse(undefined);
    expect(rowsOf(ours).get(name)?.startsWith(shown(data))).toBe(true);
  });

  it('tells what the standalone system has otherwise', () => {
    const [, level] = /LOG_LEVEL: variables\.LOG_LEVEL\.unwrap\(\)\.default\('(\w+)'\)/.exec(
      readText('apps/standalone/src/config.ts'),
    );
    expect(rowsOf(ours).get('LOG_LEVEL')).toBe(`\`info\`; \`npm start\`: \`${level}\``);
  });

  it('lists what the sandbox reads', () => {
    expect(rowsOf(others)).toEqual(ownVariables('apps/sandbox-app/src/config.ts'));
  });
});

describe('the metrics in docs/operations.md', () => {
  const measured = [
    ...readText('libs/platform/src/observe/metrics.ts').matchAll(/(\w+): new \w+\(\{\s*name: '(tenure_\w+)'/g),
  ].map(([, key, name]) => ({ key, name }));
  const rows = [...section(readText('docs/operations.md'), 'Metrics').matchAll(/^\| `(tenure_\w+)` (.*)$/gm)].map(
    ([, name, rest]) => ({ name, rest }),
  );

  it('are those that are registered', () => {
    expect(rows.map(({ name }) => name).sort(inOrder)).toEqual(measured.map(({ name }) => name).sort(inOrder));
  });

  it('say of which nothing is measured yet', () => {
    const all = sources()
      .map(({ text }) => text)
      .join('\n');
    const unused = measured.filter(({ key }) => !all.includes(`metrics.${key}.`)).map(({ name }) => name);
    expect(rows.filter(({ rest }) => rest.includes('not measured yet')).map(({ name }) => name)).toEqual(unused);
  });
});
