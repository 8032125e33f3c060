export * from './push.events.ts';
