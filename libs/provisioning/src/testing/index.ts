export { fakeApp, type FakeApp } from './fake-app.ts';
