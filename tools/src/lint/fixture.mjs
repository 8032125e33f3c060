import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const oxlint = join(dirname(createRequire(import.meta.url).resolve('oxlint/package.json')), 'bin/oxlint');

const lint = (cwd) =>
  new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [oxlint, '--format=json', '.'],
      { cwd, maxBuffer: 10_000_000 },
      (_error, stdout, stderr) => {
        try {
          resolve(JSON.parse(stdout).diagnostics);
        } catch (cause) {
          reject(new Error(`oxlint did not run: ${stdout}${stderr}`, { cause }));
        }
      },
    );
  });

/** Lints files as if they stood in this workspace: its packages, its configuration. Answers the messages by file. */
export const lintInWorkspace = async (packages, files) => {
  const dir = await mkdtemp(join(tmpdir(), 'tenure-lint-'));
  const write = async (path, text) => {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  };
  try {
    const config = await readFile(join(root, '.oxlintrc.json'), 'utf8');
    // Our rules ask for no types, and there is no tsconfig to take them from.
    await write(
      '.oxlintrc.json',
      config.replace('./tools/', `${root}tools/`).replace('"typeAware": true', '"typeAware": false'),
    );
    for (const { dir: packageDir } of packages) {
      const path = join(relative(root, packageDir), 'package.json');
      await write(path, await readFile(join(root, path), 'utf8'));
    }
    for (const [path, text] of Object.entries(files)) await write(path, text);

    const messages = Object.fromEntries(Object.keys(files).map((path) => [path, []]));
    for (const { filename, message } of await lint(dir)) messages[filename.replaceAll('\\', '/')].push(message);
    return messages;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};
