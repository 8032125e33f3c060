/** Fenced code that names the file it is from: ```ts libs/…/user.view.ts */
export const snippetsIn = (text) =>
  [...text.matchAll(/^```\w+ (\S+\/\S+)\n([\s\S]*?)^```$/gm)].map(([, path, code]) => ({ path, code }));

const lines = (text) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

/** Parts of a snippet that are left out are a line with `…`. */
const partsOf = (code) =>
  lines(code)
    .join('\n')
    .split(/^\/\/ …$/m)
    .map((part) => part.trim())
    .filter(Boolean);

/** The first part of a snippet that is not in its file, behind the parts before it; undefined when all are. Indentation does not count. */
export const missingPart = (code, file) => {
  const whole = `\n${lines(file).join('\n')}\n`;
  let from = 0;
  for (const part of partsOf(code)) {
    const at = whole.indexOf(`\n${part}\n`, from);
    if (at < 0) return part;
    from = at + part.length;
  }
  return undefined;
};
