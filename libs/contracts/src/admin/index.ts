export * from './admin.commands.ts';
export * from './admin.events.ts';
