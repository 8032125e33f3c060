export * from './app.events.ts';
