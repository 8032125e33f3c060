export * from './app-role.ts';
export * from './tenant.body.ts';
export * from './tenant.commands.ts';
export * from './tenant.events.ts';
export * from './tenant.profile.ts';
