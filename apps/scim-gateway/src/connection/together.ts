/**
 * Questions with the same key that are asked in one turn of the event loop are asked once. Nothing is kept: whoever asks later asks anew,
 * so an answer is never older than its question.
 */
export const together = <Key, Answer>(
  keyOf: (question: Key) => string,
  ask: (question: Key) => Promise<Answer>,
): ((question: Key) => Promise<Answer>) => {
  const asking = new Map<string, Promise<Answer>>();
  return (question) => {
    const key = keyOf(question);
    const known = asking.get(key);
    if (known) return known;
    const answer = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      asking.delete(key);
      return ask(question);
    });
    asking.set(key, answer);
    return answer;
  };
};
