import { readFile, writeFile } from 'node:fs/promises';
import { missingOptional } from './lock/missing-optional.mjs';

// Run after every `npm install` that changes the lock: it adds the other platforms' optional packages.
const file = new URL('../../package-lock.json', import.meta.url);
const lock = JSON.parse(await readFile(file, 'utf8'));
const missing = missingOptional(lock.packages);
const byPath = ([a], [b]) => a.localeCompare(b, 'en');
lock.packages = Object.fromEntries(Object.entries({ ...lock.packages, ...missing }).sort(byPath));
await writeFile(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`package-lock.json: ${Object.keys(missing).length} entries added for other platforms.`);
