import {
  parseEnvironment,
  requireWithProvider,
  serviceVariables,
  signInVariables,
  variables,
  type Environment,
} from '@tenure/platform';

/** This service owns what the root key is for: tenants, their first admin, the clock. And it signs admins in. */
const schema = serviceVariables
  .safeExtend({ TENURE_ROOT_KEY: variables.TENURE_ROOT_KEY.unwrap(), ...signInVariables })
  .superRefine(requireWithProvider);

export const readConfig = (environment: Environment = process.env) => parseEnvironment(schema, environment);
