/** Commands to the directory, and the facts of both domains: which streams each fact topic carries (design, decision 9). */
export const DIRECTORY_COMMANDS = 'directory.commands';
export const DIRECTORY_FACTS = 'directory.facts';
export const PROVISIONING_FACTS = 'provisioning.facts';

export const factTopics = {
  [DIRECTORY_FACTS]: {
    categories: ['tenant', 'schemas', 'connection', 'user', 'group', 'resource', 'attempts', 'session'],
  },
  [PROVISIONING_FACTS]: { categories: ['app', 'account', 'push'] },
} as const;
