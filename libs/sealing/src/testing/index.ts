export { testSealing, testSecretsKey, type TestSealing } from './test-sealing.ts';
