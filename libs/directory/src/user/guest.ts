import { tenureUserSchema, valueAt, type Resource } from '@tenure/scim';

/** Whose role that counts, the primary or else the first one, is GUEST (R13). */
export const isGuest = ({ roles }: Resource): boolean => {
  const held = (Array.isArray(roles) ? roles : []) as { value?: string; primary?: boolean }[];
  return (held.find(({ primary }) => primary) ?? held[0])?.value?.toUpperCase() === 'GUEST';
};

export const TEAM_ADMIN = `${tenureUserSchema.id}:teamAdmin`;

export const isTeamAdmin = (resource: Resource): boolean => valueAt(resource, TEAM_ADMIN) === true;
