export * from './key.commands.ts';
export * from './key.events.ts';
