import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
const cache = fileURLToPath(new URL('../../.cache', import.meta.url));

const source = (objects) =>
  objects
    .map((object, index) => {
      const module = `kubernetes-models/${object.apiVersion}`;
      return `import type { I${object.kind} as Kind${index} } from '${module}';\nexport const object${index}: Kind${index} = ${JSON.stringify(object)};\n`;
    })
    .join('');

/**
 * What the type checker says of Kubernetes objects. Their schemas let unknown fields pass, and so would
 * `kubectl apply` without a server; a literal of the object's type does not.
 */
export const typeErrors = async (objects) => {
  await mkdir(cache, { recursive: true });
  const dir = await mkdtemp(join(cache, 'manifests-'));
  try {
    await writeFile(join(dir, 'objects.ts'), source(objects));
    const options = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--types',
      '',
      '--module',
      'preserve',
      '--moduleResolution',
      'bundler',
    ];
    return await new Promise((resolve) => {
      execFile(process.execPath, [tsc, ...options, join(dir, 'objects.ts')], (_error, stdout) =>
        resolve(stdout.trim()),
      );
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};
