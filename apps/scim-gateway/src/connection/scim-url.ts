import { decodableUrl } from '@tenure/platform';

/** The first segments below a base URL, as routes declare them. */
const endpoints = ['Users', 'Groups', 'Me', 'Bulk', '.search', 'ServiceProviderConfig', 'ResourceTypes', 'Schemas'];
const declared = new Map(endpoints.map((name) => [name.toLowerCase(), name]));

/** What most clients send: `/Users` or `/Groups`, of which the rest needs no change. */
const CANONICAL = /^\/scim\/[\w-]+\/[\w-]+\/v2\/(?:Users|Groups)(?:\/[\w-]+)?(?:\?|$)/;

/** The flag that Entra wants appended to the base URL (E6). A client that merely joins strings then sends `/v2?aadOptscim062020/Users`. */
const FLAG_BEFORE_PATH = /^\?aadOptscim062020(?=\/)/i;

/**
 * Below a base URL clients write paths in more ways than one (RFC 7644 §3.13 and `docs/scim.md`): an endpoint in any case, slashes
 * doubled where a base URL ended with one, or at the end, and percent signs that escape nothing. Queries stay as they are.
 */
export const canonicalScimUrl = (url: string): string => {
  if (CANONICAL.test(url)) return url;
  const [, base, below] = /^(\/scim\/[^/?]*\/[^/?]*\/v2)(?=[/?]|$)(.*)$/is.exec(url) ?? [];
  if (base === undefined || below === undefined) return decodableUrl(url);
  const [, path = '', query = ''] = /^([^?]*)(.*)$/s.exec(below.replace(FLAG_BEFORE_PATH, '')) ?? [];
  const [first, ...rest] = path.split('/').filter(Boolean);
  const segments =
    first === undefined
      ? []
      : [
          declared.get(first.toLowerCase()) ?? first,
          ...rest.map((segment) => (/^\.search$/i.test(segment) ? '.search' : segment)),
        ];
  return decodableUrl(`${base}${segments.map((segment) => `/${segment}`).join('')}${query}`);
};
