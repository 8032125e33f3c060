import { parseEnvironment, serviceVariables, type Environment } from '@tenure/platform';

/** `DATABASE_URL` names the role of this service: it owns the schemas `provisioning` and `provisioning_v6`. */
export const readConfig = (environment: Environment = process.env) => parseEnvironment(serviceVariables, environment);
