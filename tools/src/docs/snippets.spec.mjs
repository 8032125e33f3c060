import { describe, expect, it } from '@jest/globals';
import { missingPart, snippetsIn } from './snippets.mjs';
import { documents, exists, readText } from './workspace.mjs';

const snippets = documents().flatMap((document) =>
  snippetsIn(readText(document)).map((snippet, index) => ({ document, name: `${document} ${index + 1}`, ...snippet })),
);

describe('code in a document', () => {
  it.each(snippets)('$name stands in $path', ({ path, code }) => {
    expect(exists(path)).toBe(true);
    expect(missingPart(code, readText(path))).toBeUndefined();
  });

  it('is in every how-to', () => {
    // Running the suites takes commands alone.
    const howTos = documents().filter(
      (path) => path.startsWith('docs/how-to/') && !path.endsWith('/run-public-suites.md'),
    );
    expect(howTos.length).toBeGreaterThan(6);
    for (const path of howTos) expect(snippets.filter(({ document }) => document === path).length).toBeGreaterThan(0);
  });
});

describe('a snippet', () => {
  const file = 'a();\n  b();\nc();\nd();\n';

  it('may leave lines out where it says so', () => {
    expect(missingPart('a();\n// …\nd();', file)).toBeUndefined();
  });

  it('may not leave lines out in silence, nor change their order', () => {
    expect(missingPart('a();\nd();', file)).toBe('a();\nd();');
    expect(missingPart('d();\n// …\na();', file)).toBe('a();');
  });
});
