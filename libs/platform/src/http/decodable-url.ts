/** A `%` in a path that begins no escape of UTF-8 stands for itself: there is nothing of that name, which is the router's to find. */
export const decodableUrl = (url: string): string => {
  if (!url.includes('%')) return url;
  const [, path = '', query = ''] = /^([^?]*)(.*)$/s.exec(url) ?? [];
  return (
    path
      .split('/')
      .map((segment) => (isDecodable(segment) ? segment : segment.replaceAll('%', '%25')))
      .join('/') + query
  );
};

const isDecodable = (segment: string) => {
  try {
    decodeURIComponent(segment);
    return true;
  } catch {
    return false;
  }
};
