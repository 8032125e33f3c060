import type { Value } from '../../expression/index.ts';

/** Of each function expressions and what they give for Ada; most are the examples of Entra's own reference. */
export type Examples = Record<string, [expression: string, value: Value][]>;

export const ada: Record<string, Value> = {
  givenName: 'Zoë',
  surname: 'Doe',
  displayName: 'Ada Łøvelace',
  country: 'Netherlands',
  department: 'Sales',
  userPrincipalName: 'jsmith@contoso.com',
  mail: null,
  empty: '',
  none: [],
  isSoftDeleted: false,
  accountEnabled: true,
  proxyAddresses: ['a@x.example', 'B@x.example', 'a@x.example'],
  emails: [{ value: 'ada@x.example', type: 'work' }],
  appRoleAssignments: ['ADMIN', 'USER'],
  flags: 247,
  employeeId: '007',
  mobile: '+1 (999) 888-7777',
  telephoneNumber: '+91 9998887777',
  hired: '20150123105347.1Z',
};
