export * from './attempt.commands.ts';
export * from './attempt.events.ts';
