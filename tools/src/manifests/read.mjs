import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export const readText = (path) => readFile(join(root, path), 'utf8');

export const readYaml = async (path) => parse(await readText(path), { merge: true });

/** The objects that a kustomization names, in order. */
export const readKustomization = async (path) => {
  const { resources } = await readYaml(path);
  const files = await Promise.all(resources.map((file) => readText(join(dirname(path), file))));
  return files.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS()));
};
