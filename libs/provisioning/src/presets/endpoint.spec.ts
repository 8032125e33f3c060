import { describe, expect, it } from '@jest/globals';
import { endpointConfig, presets, resolveEndpoint } from './index.ts';

const template = presets.lumapps.endpointTemplate!;
const values = {
  base_url: 'https://eu.lumapps.example/scim/',
  customer_id: '42',
  provider_uuid: '0b6f8a0e-4ec1-4a59-9d3c-4f2a1d2b3c4d',
};
const problemsOf = (config: Parameters<typeof resolveEndpoint>[0]) => resolveEndpoint(config).problems;

describe('R32: an endpoint', () => {
  it('may be a template whose placeholders are filled in', () => {
    expect(resolveEndpoint({ template, values })).toEqual({
      url: 'https://eu.lumapps.example/scim/42/0b6f8a0e-4ec1-4a59-9d3c-4f2a1d2b3c4d/v2',
      problems: [],
    });
  });

  it('may be a URL of the admin', () => {
    expect(resolveEndpoint({ url: ' https://app.example/scim/v2/ ' })).toEqual({
      url: 'https://app.example/scim/v2',
      problems: [],
    });
    expect(resolveEndpoint({ url: 'http://localhost:9000/scim/v2?aadOptscim062020' })).toEqual({
      url: 'http://localhost:9000/scim/v2?aadOptscim062020',
      problems: [],
    });
  });

  it('is refused with a placeholder that has no value, or a value without placeholder', () => {
    const { customer_id: _, ...others } = values;
    expect(problemsOf({ template, values: { ...others, provider_uuid: ' ', shoe_size: '38' } })).toEqual([
      { code: 'endpoint/placeholder', field: 'values.customer_id', message: '{customer_id} has no value.' },
      { code: 'endpoint/placeholder', field: 'values.provider_uuid', message: '{provider_uuid} has no value.' },
      {
        code: 'endpoint/placeholder',
        field: 'values.shoe_size',
        message: '{shoe_size} is no placeholder of the template.',
      },
    ]);
  });

  it.each(['..', 'a/b', 'a?b', '42#', 'x@evil.example', '%2e'])(
    'is refused with the customer id %s, which would lead elsewhere',
    (customer) => {
      expect(problemsOf({ template, values: { ...values, customer_id: customer } })).toMatchObject([
        { code: 'endpoint/placeholder', field: 'values.customer_id' },
      ]);
    },
  );

  it.each([
    'app.example',
    'ftp://app.example',
    'https://user:secret@app.example',
    'https://app.example/#x',
    'https://{base_url}/v2',
    'javascript:alert(1)',
    '',
  ])('is refused as %j', (url) => {
    expect(problemsOf({ url })).toMatchObject([{ code: 'endpoint/url', field: 'url' }]);
  });

  it('is either a URL or a template', () => {
    expect(endpointConfig.safeParse({ url: 'https://x.example' }).success).toBe(true);
    expect(endpointConfig.safeParse({ template, values }).success).toBe(true);
    expect(endpointConfig.safeParse({ url: 'https://x.example', template, values }).success).toBe(false);
    expect(endpointConfig.safeParse({}).success).toBe(false);
  });
});
