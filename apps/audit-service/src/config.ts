import { parseEnvironment, serviceVariables, type Environment } from '@tenure/platform';

const schema = serviceVariables.refine(({ TENURE_LOG_KEY }) => TENURE_LOG_KEY.length > 0, {
  path: ['TENURE_LOG_KEY'],
  message: 'is required: base64 of 32 bytes, from openssl rand -base64 32',
});

/** `DATABASE_URL` names the role of this service: it owns the schema `audit`. */
export const readConfig = (environment: Environment = process.env) => parseEnvironment(schema, environment);
