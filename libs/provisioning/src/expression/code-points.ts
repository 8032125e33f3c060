/** Characters are counted and cut as code points: an emoji is one, and never half of one. */
const hasPairs = (text: string): boolean => /[\uD800-\uDFFF]/.test(text);

/** Of well-formed text, in which each high surrogate has its low one. */
export const countPoints = (text: string): number => {
  if (!hasPairs(text)) return text.length;
  let count = 0;
  for (let at = 0; at < text.length; at += widthAt(text, at)) count += 1;
  return count;
};

/** As `slice` does, from the code point at `start` up to the one at `end`; neither is negative. */
export const slicePoints = (text: string, start: number, end = Number.POSITIVE_INFINITY): string => {
  if (!hasPairs(text)) return text.slice(start, end);
  const from = unitsOf(text, start, 0);
  return text.slice(from, unitsOf(text, end - start, from));
};

/** Where so many code points end that begin at `from`. */
const unitsOf = (text: string, points: number, from: number): number => {
  let at = from;
  for (let count = 0; count < points && at < text.length; count += 1) at += widthAt(text, at);
  return at;
};

/** How many code units the code point at `at` has. */
export const widthAt = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);

/** The code point that ends right before `at`; none at the start. */
export const pointBefore = (text: string, at: number): string | undefined => {
  const isPair = at > 1 && widthAt(text, at - 2) === 2;
  return at === 0 ? undefined : text.slice(isPair ? at - 2 : at - 1, at);
};
