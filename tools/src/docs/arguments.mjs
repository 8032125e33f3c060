/** The arguments of a call whose opening bracket is at `from - 1`, as they are written. Knows strings, templates and brackets; nothing more is needed. */
export const argumentsAt = (text, from) => {
  const found = [];
  let depth = 0;
  let quote = '';
  let start = from;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (quote) {
      if (character === '\\') at++;
      else if (character === quote) quote = '';
    } else if (`'"\``.includes(character)) quote = character;
    else if ('([{'.includes(character)) depth++;
    else if (depth > 0 && ')]}'.includes(character)) depth--;
    else if (depth === 0 && (character === ',' || character === ')')) {
      found.push(text.slice(start, at).trim());
      start = at + 1;
      if (character === ')') return found;
    }
  }
  throw new Error('A call does not end.');
};
