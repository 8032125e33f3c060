import { parseEnvironment, serviceVariables, type Environment } from '@tenure/platform';

/** `DATABASE_URL` names a role that can only read: the directory's view, token HMACs and transport keys (design, decision 13). */
export const readConfig = (environment: Environment = process.env) => parseEnvironment(serviceVariables, environment);
