const BASE = 'http://tenure.invalid';

/** Where to go after signing in: a path of our own, or the start. Whatever a browser could take for another site is none of ours. */
export const localPath = (given: string | undefined, start = '/auth'): string => {
  if (given === undefined || !given.startsWith('/') || !URL.canParse(given, BASE)) return start;
  const { origin, pathname, search, hash } = new URL(given, BASE);
  if (origin !== BASE || pathname.startsWith('//')) return start;
  return `${pathname}${search}${hash}`;
};
