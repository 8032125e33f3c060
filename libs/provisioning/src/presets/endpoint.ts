import { z } from 'zod';

/** `PUT /endpoint` (R32). */
export const endpointConfig = z.union([
  z.strictObject({ url: z.string().min(1).max(2048) }),
  z.strictObject({ template: z.string().min(1).max(2048), values: z.record(z.string(), z.string().max(1024)) }),
]);
export type EndpointConfig = z.infer<typeof endpointConfig>;

export type EndpointProblem = { code: 'endpoint/placeholder' | 'endpoint/url'; field: string; message: string };

export type EndpointAnswer = { url: string; problems: [] } | { url: null; problems: EndpointProblem[] };

/** Fills in and checks an endpoint. Whether its host may be reached, and by plain http, is for the connector to say. */
export const resolveEndpoint = (config: EndpointConfig): EndpointAnswer => {
  if ('url' in config) return checkUrl(config.url, 'url');
  const { template, values } = config;
  const names = new Set([...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!));
  const missing = [...names].filter((name) => !Object.hasOwn(values, name) || values[name]!.trim() === '');
  const unknown = Object.keys(values).filter((name) => !names.has(name));
  const unfit = [...names].filter((name) => !missing.includes(name) && !fits(template, name, values[name]!.trim()));
  const problems: EndpointProblem[] = [
    ...missing.map((name) => placeholderProblem(name, 'has no value.')),
    ...unknown.map((name) => placeholderProblem(name, 'is no placeholder of the template.')),
    ...unfit.map((name) => placeholderProblem(name, 'must be a part of a path: letters, digits and . _ ~ -')),
  ];
  if (problems.length > 0) return { url: null, problems };
  return checkUrl(
    template.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name]!.trim().replace(/\/+$/, '')),
    'template',
  );
};

const placeholderProblem = (name: string, message: string): EndpointProblem => ({
  code: 'endpoint/placeholder',
  field: `values.${name}`,
  message: `{${name}} ${message}`,
});

/** The placeholder that a template begins with takes a whole URL; the others can't change where it leads. */
const fits = (template: string, name: string, value: string): boolean =>
  template.startsWith(`{${name}}`) || (/^[\w.~-]+$/.test(value) && !/^\.+$/.test(value));

const checkUrl = (text: string, field: string): EndpointAnswer => {
  const wrong = (message: string): EndpointAnswer => ({
    url: null,
    problems: [{ code: 'endpoint/url', field, message }],
  });
  if (/[{}]/.test(text)) return wrong('Placeholders must be filled in.');
  if (!URL.canParse(text.trim())) return wrong('Expected a URL such as https://app.example/scim/v2.');
  const url = new URL(text.trim());
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return wrong('Expected a URL that begins with https://.');
  if (url.username !== '' || url.password !== '') return wrong('Credentials do not belong in the URL.');
  if (url.hash !== '') return wrong('A URL of an endpoint has no #.');
  return { url: `${url.origin}${url.pathname.replace(/\/+$/, '')}${url.search}`, problems: [] };
};
