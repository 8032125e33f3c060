import { dirname, relative, resolve } from 'node:path';
import { eachImport } from './imports.mjs';
import { refusal } from './layers.mjs';
import { packageDirOf, readWorkspace } from './workspace.mjs';

const workspaces = new Map();
const workspaceOf = (root) => {
  if (!workspaces.has(root)) workspaces.set(root, readWorkspace(root));
  return workspaces.get(root);
};

const ours = /^(@tenure\/[^/]+)(\/.*)?$/;
const testFile = /(\.spec\.ts$)|(\/testing\/)/;

/** Imports between packages follow the layers; inside a package they are relative; test kits stay in tests. */
export const layersRule = {
  create: (context) => {
    const dir = packageDirOf(context.filename);
    const packages = dir && workspaceOf(resolve(dir, '../..'));
    const from = packages && [...packages.values()].find((one) => one.dir === dir);
    if (!from?.layer) return {};
    const inTest = testFile.test(relative(dir, context.filename).replaceAll('\\', '/'));
    const report = (node, message) => context.report({ node, message });

    return eachImport((specifier, node) => {
      if (specifier.startsWith('.') && relative(dir, resolve(dirname(context.filename), specifier)).startsWith('..')) {
        report(node, `${specifier} leaves ${from.name}: import another package by its name.`);
      }
      const [, name, subpath] = ours.exec(specifier) ?? [];
      if (!name) return;
      const to = packages.get(name);
      if (!to) return report(node, `${name} is not a package of this workspace.`);
      if (to === from) return report(node, `Inside ${name}, import by relative path.`);
      const refused = refusal(from, to, { inTest });
      if (refused) return report(node, refused);
      if (!from.dependencies.includes(name))
        report(node, `${name} is not among the dependencies of ${from.name} in its package.json.`);
      if (subpath === '/testing' && !inTest) report(node, `${specifier} is for tests: *.spec.ts and testing folders.`);
    });
  },
};
