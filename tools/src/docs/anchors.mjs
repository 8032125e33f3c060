import { posix } from 'node:path';

/** A link to a line: its text, in backticks, stands on that line. `[`createWith`](../libs/…/user.commands.ts#L79)` */
const lineLink = /\[`([^`\]]+)`\]\(([^)#\s]+)#L(\d+)\)/g;

export const targetOf = (document, link) => posix.normalize(posix.join(posix.dirname(document), link));

export const lineLinksIn = (document, text) =>
  [...text.matchAll(lineLink)].map(([, quoted, link, line]) => ({
    quoted,
    path: targetOf(document, link),
    line: Number(line),
  }));

/** The document with every such link at the first line that holds its text; one that is on such a line stays there. */
export const withAnchors = (document, text, read) =>
  text.replace(lineLink, (whole, quoted, link, line) => {
    const lines = read(targetOf(document, link)).split('\n');
    if (lines[line - 1]?.includes(quoted)) return whole;
    const found = lines.findIndex((one) => one.includes(quoted));
    return found < 0 ? whole : `[\`${quoted}\`](${link}#L${found + 1})`;
  });
