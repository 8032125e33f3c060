import { Rejected } from './rejected.ts';

const codeOf = (error: unknown): string | undefined => {
  const { code, driverError } = error as { code?: unknown; driverError?: { code?: unknown } };
  const found = code ?? driverError?.code;
  return typeof found === 'string' ? found : undefined;
};

/**
 * SQLSTATE classes that say nothing of the data: connection (08), conflicts with other transactions (40), resources (53), shut down by the
 * operator (57P), system (58). A statement time-out (57014) may well be caused by the data.
 */
const outageStates = /^(08|40|53|57P|58)/;
/** ECONNREFUSED, ETIMEDOUT and their like, of whatever is needed. */
const systemErrors = /^E[A-Z]+$/;
const lostConnection =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** Whether an error says that something is down rather than that the data is bad: nothing is parked for an outage. */
export const isOutage = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.some(isOutage);
  const code = codeOf(error);
  return (
    (code !== undefined && (outageStates.test(code) || systemErrors.test(code))) || lostConnection.test(error.message)
  );
};

/** Errors of ours whose messages hold ids and numbers only. */
const tellable = new Set(['FactGap', 'StreamGap', 'KeyMissing']);

/** Why something failed, fit for operators and logs. Messages of other errors may quote people's data, so only their kind and code are told. */
export const reasonOf = (error: unknown): string => {
  if (error instanceof Rejected) return `${error.code}: ${error.message}`;
  if (!(error instanceof Error)) return 'Error';
  if (tellable.has(error.name)) return `${error.name}: ${error.message}`;
  const code = codeOf(error);
  return code === undefined ? error.name : `${error.name} ${code}`;
};
