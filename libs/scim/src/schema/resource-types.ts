import type { ResourceType, Schema } from './attribute.ts';
import {
  enterpriseUserSchema,
  entraUserSchema,
  groupSchema,
  tenureGroupSchema,
  tenureUserSchema,
  userSchema,
} from './user.schema.ts';

export const userType: ResourceType = {
  name: 'User',
  endpoint: '/Users',
  description: 'User Account',
  schema: userSchema,
  extensions: [
    { schema: enterpriseUserSchema, required: false },
    { schema: tenureUserSchema, required: false },
    { schema: entraUserSchema, required: false },
  ],
};

export const builtInSchemas: readonly Schema[] = [
  userSchema,
  enterpriseUserSchema,
  tenureUserSchema,
  entraUserSchema,
  groupSchema,
  tenureGroupSchema,
];

export const groupType: ResourceType = {
  name: 'Group',
  endpoint: '/Groups',
  description: 'Group',
  schema: groupSchema,
  extensions: [{ schema: tenureGroupSchema, required: false }],
};
