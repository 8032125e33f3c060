/** `AccountSuspended` or `account/foreign-match` in words: "Account suspended", "Account: foreign match". Names of attributes follow where something changed. */
export const sentenceOf = (name: string, changed: readonly string[], code?: string): string => {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/\//g, ': ')
    .replace(/[-_]/g, ' ')
    .toLowerCase();
  const sentence = words.charAt(0).toUpperCase() + words.slice(1);
  const what = changed.length > 0 ? `: ${changed.join(', ')}` : '';
  return `${sentence}${what}${code === undefined ? '' : ` (${code})`}`;
};
