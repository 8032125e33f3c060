import type { AccountType } from '@tenure/contracts';
import { etagOf, type JsonObject, type Resource } from '@tenure/scim';
import { withAccountType } from './user.view.ts';

/** A user as the view has it. */
export type UserRecord = {
  id: string;
  revision: number;
  accountType: AccountType;
  connectionId: string | null;
  active: boolean;
  /** The stored SCIM resource: without `id`, `meta` and `groups`. */
  resource: Resource;
  createdAt: string;
  lastModified: string;
};

type Presented = Pick<UserRecord, 'id' | 'revision' | 'accountType' | 'resource' | 'createdAt' | 'lastModified'>;

/** As SCIM shows a user, `meta.location` apart, which the gateway knows. */
export const presentedUser = (
  { id, revision, accountType, resource, createdAt, lastModified }: Presented,
  groups: readonly JsonObject[] = [],
): Resource => {
  const { schemas, externalId, ...rest } = withAccountType(resource, accountType);
  return {
    schemas: schemas!,
    id,
    ...(externalId !== undefined && { externalId }),
    meta: { resourceType: 'User', created: createdAt, lastModified, version: etagOf(revision) },
    ...rest,
    ...(groups.length > 0 && { groups: [...groups] }),
  };
};
