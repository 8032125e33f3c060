import { accountEvents } from './account/index.ts';
import { adminEvents } from './admin/index.ts';
import { appEvents } from './app/index.ts';
import { attemptEvents } from './attempt/index.ts';
import { connectionEvents } from './connection/index.ts';
import { groupEvents } from './group/index.ts';
import { resourceEvents } from './resource/index.ts';
import { schemaEvents } from './schema/index.ts';
import { tenantEvents } from './tenant/index.ts';
import { userEvents } from './user/index.ts';

/** Commands to the directory, and the facts of both domains: which streams each fact topic carries (design, decision 9). */
export const DIRECTORY_COMMANDS = 'directory.commands';
export const DIRECTORY_FACTS = 'directory.facts';
export const PROVISIONING_FACTS = 'provisioning.facts';

export const factTypes: ReadonlySet<string> = new Set(
  [
    ...tenantEvents,
    ...adminEvents,
    ...schemaEvents,
    ...connectionEvents,
    ...userEvents,
    ...groupEvents,
    ...resourceEvents,
    ...attemptEvents,
    ...appEvents,
    ...accountEvents,
  ].map(({ type }) => type),
);

export const factTopics = {
  [DIRECTORY_FACTS]: { categories: ['tenant', 'schemas', 'connection', 'user', 'group', 'resource', 'attempts'] },
  [PROVISIONING_FACTS]: { categories: ['app', 'account'] },
} as const;
