import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalScimUrl } from './scim-url.ts';

const base = '/scim/t/c/v2';

describe('a URL below a SCIM base URL', () => {
  it.each([
    ['/Users', '/Users'],
    ['/users', '/Users'],
    ['/USERS/Abc', '/Users/Abc'],
    ['//Users//', '/Users'],
    ['/users/.SEARCH', '/Users/.search'],
    ['/schemas/urn:X', '/Schemas/urn:X'],
    ['/serviceproviderconfig?x&', '/ServiceProviderConfig?x&'],
    ['/Badges/1', '/Badges/1'],
    ['/', ''],
    ['/?filter=a', '?filter=a'],
    ['/Users/?', '/Users?'],
    ['?aadOptscim062020/Users?filter=a%20eq%20"b/c"', '/Users?filter=a%20eq%20"b/c"'],
    ['/Users?aadOptscim062020&filter=x', '/Users?aadOptscim062020&filter=x'],
    ['/Users/%zz', '/Users/%25zz'],
    ['/Users/%FF?filter=%', '/Users/%25FF?filter=%'],
    ['/Users/a%2Fb', '/Users/a%2Fb'],
  ])('%s is %s', (written, meant) => expect(canonicalScimUrl(base + written)).toBe(base + meant));

  it('is left alone elsewhere', () => {
    for (const url of ['/scim/health/live', '/scim/openapi.json', '/scim/t/c/v3/users', '/scim/t/c/v2x/users'])
      expect(canonicalScimUrl(url)).toBe(url);
  });

  it('can always be decoded, and means the same when read again', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('/', '?', '%', '2', 'F', 'u', '.', 'é', '&') }), (tail) => {
        const url = canonicalScimUrl(`${base}/${tail}`);
        expect(() => decodeURIComponent(url.split('?')[0]!)).not.toThrow();
        expect(canonicalScimUrl(url)).toBe(url);
      }),
    );
  });
});
