export * from './user.commands.ts';
export * from './user.events.ts';
