import { setTimeout as sleep } from 'node:timers/promises';

const TIMEOUT_MS = 30_000;
const PATIENCE_MS = 60_000;

/** What any good client does: who is asked to come back later comes back later (429 and 503 with `Retry-After`). */
const askPatiently = async (url, options) => {
  for (const deadline = Date.now() + PATIENCE_MS; ;) {
    const response = await fetch(url, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const later = response.status === 503 || response.status === 429 ? response.headers.get('retry-after') : null;
    if (later === null || Date.now() > deadline) return response;
    await response.arrayBuffer();
    await sleep(Number(later) * 1000);
  }
};

const bodyOf = async (response) => {
  const text = await response.text();
  return text && /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text;
};

/** A client of one base URL and key. Every call names the statuses that it expects, answers the body, and throws at another one. */
export const client = (baseUrl, key, contentType = 'application/json') => {
  const ask = async (method, path, body, expected) => {
    const response = await askPatiently(`${baseUrl}${path}`, {
      method,
      headers: {
        accept: '*/*',
        ...(key && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': contentType }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer = await bodyOf(response);
    if (![expected].flat().includes(response.status))
      throw new Error(
        `${method} ${path} answered ${response.status}, not ${[expected].flat().join(' or ')}: ${JSON.stringify(answer).slice(0, 1000)}`,
      );
    return answer;
  };
  return {
    get: (path, expected = 200) => ask('GET', path, undefined, expected),
    post: (path, body = {}, expected = [200, 201, 202]) => ask('POST', path, body, expected),
    put: (path, body, expected = [200, 204]) => ask('PUT', path, body, expected),
    patch: (path, body, expected = [200, 204]) => ask('PATCH', path, body, expected),
    delete: (path, expected = 204) => ask('DELETE', path, undefined, expected),
  };
};

/** All items of a list, page by page. */
export const allItems = async (api, path) => {
  const items = [];
  for (let cursor; ;) {
    const page = await api.get(
      `${path}${path.includes('?') ? '&' : '?'}limit=25${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
    );
    items.push(...page.items);
    cursor = page.nextCursor;
    if (!cursor) return items;
  }
};
