import { writeFileSync } from 'node:fs';
import { withAnchors } from './docs/anchors.mjs';
import { catalogues } from './docs/catalogues.mjs';
import { documents, exists, pathIn, readText, sources } from './docs/workspace.mjs';

const write = (path, text) => {
  if (exists(path) && readText(path) === text) return;
  writeFileSync(pathIn(path), text);
  console.log(`${path} written`);
};

// The catalogues from the sources; then every link to a line, where its line has moved.
const files = sources();
for (const { path, make } of catalogues) write(path, make(files));
for (const path of documents()) write(path, withAnchors(path, readText(path), readText));
