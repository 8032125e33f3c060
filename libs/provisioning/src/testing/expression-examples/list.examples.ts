import type { Examples } from './examples.ts';

const role = (value: string) => ({ primary: false, type: 'WindowsAzureActiveDirectoryRole', display: value, value });

export const listExamples: Examples = {
  Split: [
    ['Split("PermissionSetOne, PermissionSetTwo", ",")', ['PermissionSetOne', 'PermissionSetTwo']],
    ['Split([mail], ",")', null],
  ],
  Count: [
    ['Count([proxyAddresses])', 3],
    ['Count([surname])', 1],
    ['Count([mail])', 0],
  ],
  Item: [
    ['Item([proxyAddresses], 2)', 'B@x.example'],
    ['Item([proxyAddresses], 0)', null],
    ['Item([emails], 1)', [{ value: 'ada@x.example', type: 'work' }]],
  ],
  First: [['First([proxyAddresses])', 'a@x.example']],
  Last: [['Last(Split("a,b,c", ","))', 'c']],
  RemoveDuplicates: [['RemoveDuplicates([proxyAddresses])', ['a@x.example', 'B@x.example']]],
  SingleAppRoleAssignment: [
    ['SingleAppRoleAssignment([appRoleAssignments])', 'ADMIN'],
    ['SingleAppRoleAssignment([none])', null],
  ],
  AppRoleAssignmentsComplex: [['AppRoleAssignmentsComplex([appRoleAssignments])', [role('ADMIN'), role('USER')]]],
  AssertiveAppRoleAssignmentsComplex: [
    ['AssertiveAppRoleAssignmentsComplex([appRoleAssignments])', [role('ADMIN'), role('USER')]],
    ['AssertiveAppRoleAssignmentsComplex([none])', []],
  ],
};
