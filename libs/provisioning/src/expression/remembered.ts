/**
 * A function of a text that remembers what it gave, for the last texts that were asked for: expressions, patterns and paths are the
 * same for all people of an app. What it throws is not remembered.
 */
export const remembered = <Result>(most: number, make: (text: string) => Result): ((text: string) => Result) => {
  const known = new Map<string, Result>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const made = make(text);
    // The oldest goes: a Map keeps its keys in the order in which they came.
    if (known.size >= most) known.delete(known.keys().next().value!);
    known.set(text, made);
    return made;
  };
};
