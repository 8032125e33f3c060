export * from './schema.commands.ts';
export * from './schema.definition.ts';
export * from './schema.events.ts';
