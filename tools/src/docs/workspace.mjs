import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Paths here are relative to the workspace, with slashes. */
export const readText = (path) => readFileSync(join(root, path), 'utf8');
export const pathIn = (path) => join(root, path);
export const exists = (path) => existsSync(join(root, path));

/** The same order on every machine. */
export const inOrder = (a, b) => (a < b ? -1 : Number(a > b));

const filesBelow = (folder) =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesBelow(path);
    return [path];
  });

const sourceFolders = () =>
  ['libs', 'apps']
    .flatMap((group) => readdirSync(join(root, group)).map((name) => `${group}/${name}/src`))
    .filter(exists);

/** What production runs: every source but tests and their kits, by path. */
export const sources = () =>
  sourceFolders()
    .flatMap(filesBelow)
    .filter((path) => path.endsWith('.ts') && !/\.spec\.ts$|\/testing\/|\/scratch|\/zz-/.test(path))
    .sort(inOrder)
    .map((path) => ({ path, text: readText(path) }));

/** Every test, and what tests read. */
export const testFiles = () =>
  sourceFolders()
    .flatMap(filesBelow)
    .filter((path) => /\.spec\.ts$|\.json$/.test(path))
    .sort(inOrder);

/** Every document that people read. */
export const documents = () => [
  'README.md',
  'CONTRIBUTING.md',
  ...filesBelow('docs')
    .filter((path) => path.endsWith('.md'))
    .sort(inOrder),
];

/** A code without its comments, so that what is only talked about is not taken for what is done. */
export const withoutComments = (text) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');

/** As a link of a document in `docs/`, named as the file is without its ending. */
export const linkTo = (path) => `[${path.slice(path.lastIndexOf('/') + 1).replace(/\.ts$/, '')}](../${path})`;

export const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
