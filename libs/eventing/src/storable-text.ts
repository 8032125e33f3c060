/**
 * Text from outside as it may enter an event, a row or a message (design, decision 30): well-formed Unicode without NUL. PostgreSQL
 * refuses both, and a view that meets one stops. Unpaired surrogates and NUL become U+FFFD.
 */
export const storableText = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD');

/** The first `most` code points; never half of one. What is cut ends in `…`. */
export const cutText = (text: string, most: number): string => {
  if (text.length <= most) return text;
  const points = Array.from(text.slice(0, 2 * most));
  return points.length <= most && text.length <= 2 * most ? text : `${points.slice(0, most).join('')}…`;
};

/** Whether the text can be stored as it is. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0');
