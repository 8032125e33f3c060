export { SIGN_IN, signInEntities, signInMigrations } from './session.entities.ts';
export { openSessions, type EndedSession, type Sessions, type SessionsOf, type SignedInAs } from './sessions.ts';
export { signInLinks, type LinkFor, type SignInLinks } from './sign-in-links.ts';
export { signInThrottle, type SignInThrottle } from './throttle.ts';
export { deviceRequests, type Approver, type DeviceAnswer, type DeviceRequests } from './device-requests.ts';
