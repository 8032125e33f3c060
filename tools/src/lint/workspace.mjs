import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

const layerTag = /^layer:(\w+)$/;

export const readPackage = (dir) => {
  const {
    name,
    nx,
    dependencies = {},
    devDependencies = {},
  } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
  const layer = nx?.tags?.map((tag) => layerTag.exec(tag)?.[1]).find(Boolean);
  return { name, layer, dir, dependencies: Object.keys({ ...dependencies, ...devDependencies }) };
};

/** The packages of a workspace that have a layer, by name. */
export const readWorkspace = (root) => {
  const packages = ['apps', 'libs']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)))
    .filter((dir) => existsSync(join(dir, 'package.json')))
    .map(readPackage);
  return new Map(packages.map((one) => [one.name, one]));
};

/** The folder of the package that a file belongs to. */
export const packageDirOf = (file) => {
  for (let dir = dirname(file); dir !== dirname(dir); dir = dirname(dir)) {
    if (existsSync(join(dir, 'package.json'))) return dir;
  }
  return undefined;
};
