export * from './group.commands.ts';
export * from './group.events.ts';
