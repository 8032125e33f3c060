import { Rejected } from '@tenure/eventing';

/** Facts of a stream arrived without one before them. */
export class FactGap extends Error {
  override readonly name = 'FactGap';
  constructor(
    readonly after: number,
    readonly revision: number,
  ) {
    super(`The stream was consumed up to revision ${after}, and ${revision} arrived.`);
  }
}

const codeOf = (error: unknown): string | undefined => {
  const { code, driverError } = error as { code?: unknown; driverError?: { code?: unknown } };
  const found = code ?? driverError?.code;
  return typeof found === 'string' ? found : undefined;
};

/**
 * SQLSTATE classes that are no fact's fault: connection (08), conflicts with other transactions (40), resources (53), shut down by the operator (57P),
 * system (58). A statement time-out (57014) may well be the fact's fault.
 */
const outageStates = /^(08|40|53|57P|58)/;
/** ECONNREFUSED, ETIMEDOUT and their like, of whatever the handler needs. */
const systemErrors = /^E[A-Z]+$/;
const lostConnection =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** Whether an error says that something is down rather than that the fact is bad: nothing is parked for an outage. */
export const isOutage = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.some(isOutage);
  const code = codeOf(error);
  return (
    (code !== undefined && (outageStates.test(code) || systemErrors.test(code))) || lostConnection.test(error.message)
  );
};

/** Why a fact failed, fit for operators and logs. Messages of other errors may quote people's data, so only their kind and code are told. */
export const reasonOf = (error: unknown): string => {
  if (error instanceof Rejected) return `${error.code}: ${error.message}`;
  if (error instanceof FactGap) return `${error.name}: ${error.message}`;
  if (!(error instanceof Error)) return 'Error';
  const code = codeOf(error);
  return code === undefined ? error.name : `${error.name} ${code}`;
};
