import { describe, expect, it } from '@jest/globals';
import { lineLinksIn, targetOf, withAnchors } from './anchors.mjs';
import { documents, exists, readText } from './workspace.mjs';

const withoutCode = (text) => text.replace(/```[\s\S]*?```/g, '');
const linksIn = (text) =>
  [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link)
    .filter((link) => !/^(https?:|#)/.test(link));

/** As GitHub names a heading. */
const anchorsOf = (text) =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );

describe.each(documents())('%s', (path) => {
  const text = readText(path);

  it('links to files that exist', () => {
    const missing = linksIn(text).filter((link) => !exists(targetOf(path, link.split('#')[0])));
    expect(missing).toEqual([]);
  });

  it('links to headings that exist', () => {
    const lost = linksIn(text).filter((link) => {
      const [file, anchor] = link.split('#');
      return (
        anchor !== undefined && file.endsWith('.md') && !anchorsOf(readText(targetOf(path, file))).includes(anchor)
      );
    });
    expect(lost).toEqual([]);
  });

  it('links to lines that hold what the link says (npm run docs moves the numbers)', () => {
    const lost = lineLinksIn(path, text).filter(
      ({ quoted, path: file, line }) => !readText(file).split('\n')[line - 1]?.includes(quoted),
    );
    expect(lost).toEqual([]);
  });

  it('has no link to a line without the words that stand there', () => {
    const numbered = linksIn(text).filter((link) => /#L\d+$/.test(link));
    expect(numbered).toHaveLength(lineLinksIn(path, text).length);
  });
});

describe('docs/tour.md', () => {
  it('is nine links to nine files', () => {
    const files = lineLinksIn('docs/tour.md', readText('docs/tour.md')).map(({ path }) => path);
    expect(files).toHaveLength(9);
    expect(new Set(files).size).toBe(9);
  });
});

describe('a link to a line', () => {
  const read = () => 'one\nconst two = 2;\nconst two = 3;';

  it('follows its words when they move', () => {
    expect(withAnchors('docs/a.md', '[`const two`](../x.ts#L9)', read)).toBe('[`const two`](../x.ts#L2)');
  });

  it('stays where its words are, though they are elsewhere too', () => {
    expect(withAnchors('docs/a.md', '[`const two`](../x.ts#L3)', read)).toBe('[`const two`](../x.ts#L3)');
  });

  it('is left alone when its words are gone, for the test to find', () => {
    expect(withAnchors('docs/a.md', '[`three`](../x.ts#L3)', read)).toBe('[`three`](../x.ts#L3)');
  });
});

describe('an overview', () => {
  it.each([
    ['docs/adr/README.md', /^docs\/adr\/\d/],
    ['CONTRIBUTING.md', /^docs\/how-to\//],
  ])('%s names every page', (overview, pages) => {
    const linked = linksIn(readText(overview)).map((link) => targetOf(overview, link));
    expect(documents().filter((path) => pages.test(path) && !linked.includes(path))).toEqual([]);
  });
});
