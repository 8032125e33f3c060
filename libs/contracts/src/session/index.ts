export * from './session.commands.ts';
export * from './session.events.ts';
