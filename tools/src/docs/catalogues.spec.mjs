import { beforeAll, describe, expect, it } from '@jest/globals';
import { argumentsAt } from './arguments.mjs';
import { catalogues } from './catalogues.mjs';
import { errorsDocument } from './errors.mjs';
import { eventsOf } from './events.mjs';
import { readText, sources } from './workspace.mjs';

describe('a catalogue', () => {
  let files;
  beforeAll(() => {
    files = sources();
  });

  it.each(catalogues)('$path is what npm run docs makes of the sources', ({ path, make }) => {
    expect(readText(path)).toBe(make(files));
  });

  it('of events knows every definition as the code does: name, version, whether it is personal', async () => {
    const contracts = await import('@tenure/contracts');
    const defined = Object.values(contracts).filter((value) => typeof value === 'function' && 'fromStored' in value);
    const read = eventsOf(files).flatMap(({ events }) => events);
    const byName = (a, b) => (a.name < b.name ? -1 : 1);
    const expected = defined.map(({ type, schemaVersion, hasPersonal }) => ({
      name: type,
      version: schemaVersion,
      personal: hasPersonal,
    }));
    expect(read.toSorted(byName)).toEqual(expected.sort(byName));
  });

  it('of errors refuses a code that it cannot read, rather than leaving it out', () => {
    const hidden = { path: 'libs/any/src/any.ts', text: "throw new Rejected('invalid', codeOf(problem), 'No.');" };
    expect(() => errorsDocument([...files, hidden])).toThrow('libs/any/src/any.ts');
  });
});

describe('the arguments of a call', () => {
  it('are told apart whatever is in them', () => {
    const call = "f('a, b', `x${y(1, 2)})`, [1, 2], { z: ')' }) + g(3)";
    expect(argumentsAt(call, 2)).toEqual(["'a, b'", '`x${y(1, 2)})`', '[1, 2]', "{ z: ')' }"]);
  });
});
