/** What a browser shows after it followed every redirect. */
export type Shown = { status: number; text: string; url: string; headers: Headers };

type SetCookie = { name: string; value: string; attributes: string };

const FOLLOWED = 20;

/** As much of a browser as signing in needs: cookies per origin, redirects, forms with their Origin, and fetch from a page. */
export const browser = () => {
  const jars = new Map<string, Map<string, string>>();
  const set: SetCookie[] = [];
  const jarOf = (url: string) => {
    const { host } = new URL(url);
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    return jar;
  };

  const send = async (url: string, init: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {}) => {
    const jar = jarOf(url);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { ...init.headers, ...(cookie !== '' && { cookie }) },
    });
    for (const text of response.headers.getSetCookie()) {
      const [, name = '', value = '', attributes = ''] = /^([^=]+)=([^;]*);?(.*)$/.exec(text)!;
      set.push({ name, value, attributes });
      if (value === '' || /max-age=0/i.test(attributes)) jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  };

  const follow = async (first: Response, from: string, stopBefore?: string): Promise<Shown> => {
    let [response, url] = [first, from];
    for (let hops = 0; hops < FOLLOWED; hops++) {
      const location = response.headers.get('location');
      if (location === null)
        return { status: response.status, text: await response.text(), url, headers: response.headers };
      await response.body?.cancel();
      url = new URL(location, url).href;
      if (stopBefore !== undefined && url.startsWith(stopBefore))
        return { status: response.status, text: '', url, headers: response.headers };
      response = await send(url);
    }
    throw new Error('Redirected in a circle.');
  };

  return {
    /** Without following what it answers. */
    send,
    /** `stopBefore`: a redirect to what begins so is shown, and not followed. */
    open: async (url: string, stopBefore?: string) => follow(await send(url), url, stopBefore),
    /** As a form of a page of the same site sends it. */
    submit: async (url: string, fields: Record<string, string>, origin = new URL(url).origin) =>
      follow(
        await send(url, {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded', origin },
          body: new URLSearchParams(fields).toString(),
        }),
        url,
      ),
    /** As the script of a page of the same site asks. */
    fetch: async (url: string, method = 'GET', body?: unknown, headers: Record<string, string> = {}) => {
      const response = await send(url, {
        method,
        headers: {
          'tenure-csrf': '1',
          origin: new URL(url).origin,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: (/json/.test(response.headers.get('content-type') ?? '') && text !== '' ? JSON.parse(text) : text) as any,
      };
    },
    cookie: (url: string, name: string) => jarOf(url).get(name),
    setCookie: (url: string, name: string, value: string) => void jarOf(url).set(name, value),
    /** Every cookie that was ever set. */
    set,
  };
};

export type Browser = ReturnType<typeof browser>;
