/** What came back. `body` is whatever JSON it was: tests say what they expect of it. */
export type Answer = { status: number; headers: Headers; body: any; text: string };
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const ask = async (url: string, method: Method, headers: Record<string, string>, body: unknown): Promise<Answer> => {
  const response = await fetch(url, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text !== '' ? JSON.parse(text) : undefined,
    text,
  };
};

/** A client of everything below a URL, with a key or token. Every call answers; `ok` is for steps on the way, and throws where one fails. */
export const client = (baseUrl: string, key?: string, contentType = 'application/json') => {
  const call = (method: Method, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    ask(
      `${baseUrl}${path}`,
      method,
      {
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': contentType }),
        ...headers,
      },
      body,
    );
  return {
    call,
    get: (path: string, headers?: Record<string, string>) => call('GET', path, undefined, headers),
    post: (path: string, body?: unknown, headers?: Record<string, string>) => call('POST', path, body, headers),
    put: (path: string, body?: unknown, headers?: Record<string, string>) => call('PUT', path, body, headers),
    patch: (path: string, body?: unknown, headers?: Record<string, string>) => call('PATCH', path, body, headers),
    delete: (path: string, headers?: Record<string, string>) => call('DELETE', path, undefined, headers),
    /** The body of a call that must succeed. */
    ok: async (method: Method, path: string, body?: unknown): Promise<any> => {
      const answer = await call(method, path, body);
      if (answer.status >= 300)
        throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text.slice(0, 1000)}`);
      return answer.body;
    },
  };
};

export type Client = ReturnType<typeof client>;
