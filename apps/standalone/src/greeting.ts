import type { DemoTenant } from './first-run.ts';

export type Started = {
  url: string;
  where: string;
  rootKeyFrom: string;
  signIn: string;
  demo?: DemoTenant;
  clock: string;
};

/** What is printed once the system serves: where it listens, where the root key is, and on a first run how to create a person. */
export const greeting = ({ url, where, rootKeyFrom, signIn, demo, clock }: Started): string => {
  const lines = [
    '',
    `Tenure serves on ${url}`,
    `  data      ${where}`,
    `  root key  ${rootKeyFrom}`,
    `  sign in   ${signIn}`,
    `  API       ${url}/openapi.json`,
    ...(clock === 'manual' ? [`  clock     manual: moved with POST ${url}/clock`] : []),
  ];
  if (!demo) return [...lines, '  Ctrl-C stops it.', ''].join('\n');
  const curl = [
    `curl -X POST '${demo.scimUrl}/Users' \\`,
    `  -H 'Authorization: Bearer ${demo.token}' -H 'Content-Type: application/scim+json' \\`,
    `  -d '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada@demo.example","name":{"givenName":"Ada","familyName":"Lovelace"},"active":true}'`,
  ];
  return [
    ...lines,
    '',
    'This is the first run, so there is a demo tenant. Its token and key are shown only now:',
    `  tenant     ${demo.tenantId}`,
    `  admin key  ${demo.adminKey}`,
    `  SCIM URL   ${demo.scimUrl}`,
    `  token      ${demo.token}`,
    '',
    'Create a person as an identity provider would:',
    '',
    ...curl,
    '',
    'Then read what happened:',
    '',
    `curl -H 'Authorization: Bearer ${demo.adminKey}' '${url}/audit/v1/tenants/${demo.tenantId}/entries'`,
    '',
    '  Ctrl-C stops it.',
    '',
  ].join('\n');
};
