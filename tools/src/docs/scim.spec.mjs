import { describe, expect, it } from '@jest/globals';
import { readText } from './workspace.mjs';

const { profiles, profileNames } = await import('@tenure/scim');

const table = readText('docs/scim.md').split('\n## Profiles')[1];
const rows = table
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|'))
  .map(([, settings, , differs]) => ({
    settings: [...settings.split(':')[0].matchAll(/`(\w+)`/g)].map(([, name]) => name),
    differs: profileNames.filter((name) => new RegExp(`\\b${name}\\b`).test(differs)),
  }));

const differing = (setting) =>
  profileNames.filter((name) => JSON.stringify(profiles[name][setting]) !== JSON.stringify(profiles.generic[setting]));

describe('the profiles in docs/scim.md', () => {
  it('list every setting that has a default, once', () => {
    const listed = rows.flatMap(({ settings }) => settings);
    expect(new Set(listed)).toEqual(new Set(Object.keys(profiles.generic)));
    expect(listed).toHaveLength(Object.keys(profiles.generic).length);
  });

  it.each(Object.keys(profiles.generic))('tell which profiles differ in %s', (setting) => {
    const row = rows.find(({ settings }) => settings.includes(setting));
    expect(row?.differs).toEqual(differing(setting));
  });
});
