export * from './connection.commands.ts';
export * from './connection.events.ts';
export * from './connection.settings.ts';
