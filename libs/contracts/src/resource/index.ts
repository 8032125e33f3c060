export * from './resource.commands.ts';
export * from './resource.events.ts';
