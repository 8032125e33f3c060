import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { missingOptional } from './missing-optional.mjs';

describe('the lock file', () => {
  it('names the optional packages of every platform, so that npm ci works on all of them', async () => {
    const lock = JSON.parse(await readFile(new URL('../../../package-lock.json', import.meta.url), 'utf8'));
    expect(missingOptional(lock.packages)).toEqual({});
  });

  it('gets an entry with the platform that the name tells', () => {
    const packages = {
      'node_modules/swc': { version: '1.2.3', dev: true, optionalDependencies: { '@swc/linux-arm64-musl': '1.2.3' } },
    };
    expect(missingOptional(packages)).toEqual({
      'node_modules/@swc/linux-arm64-musl': {
        version: '1.2.3',
        os: ['linux'],
        cpu: ['arm64'],
        libc: ['musl'],
        dev: true,
        optional: true,
      },
    });
  });

  it('gets a nested entry where another version has the shared place', () => {
    const packages = {
      'node_modules/fs-darwin': { version: '1.0.0' },
      'node_modules/a': { version: '1.0.0', optionalDependencies: { 'fs-darwin': '2.0.0' } },
    };
    expect(Object.keys(missingOptional(packages))).toEqual(['node_modules/a/node_modules/fs-darwin']);
  });

  it('is left alone where the package is found on the way up', () => {
    const packages = {
      'node_modules/fs-darwin': { version: '1.0.0' },
      'libs/a/node_modules/b': { version: '1.0.0', optionalDependencies: { 'fs-darwin': '1.0.0' } },
    };
    expect(missingOptional(packages)).toEqual({});
  });
});
