export * from './define-command.ts';
export * from './fact.ts';
export * from './group/index.ts';
export * from './json.ts';
export * from './user/index.ts';
export * from './topics.ts';
