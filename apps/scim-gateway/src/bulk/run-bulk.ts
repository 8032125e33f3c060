import { ifMatchOf, scimErrors, type Log } from '@tenure/platform';
import {
  planBulk,
  problem,
  withIds,
  withoutReferences,
  type BulkOperation,
  type BulkRequest,
  type BulkStep,
} from '@tenure/scim';
import type { ScimContext } from '../connection/scim-context.ts';
import { endpointAt } from '../resource/endpoints.ts';
import { locationOf } from '../resource/present.ts';
import { checkedId } from '../resource/resource-id.ts';
import type { ScimEndpoint, Shown } from '../resource/scim-endpoint.ts';
import { versionOf } from '../resource/versions.ts';

export type BulkDeps = { endpoints: readonly ScimEndpoint[]; log: Log };

/** How an operation ended (RFC 7644 §3.7.3). */
export type BulkResult = {
  method: string;
  bulkId?: string;
  version?: string;
  location?: string;
  status: string;
  response?: unknown;
};

type Done = { status: number; id: string; shown?: Shown };
type OperationResult = { done: Done } | { error: unknown };

/** Replies of a bulk request hold no resources, so none has to be read for them. */
const NOTHING = { only: [] };

const { toBody } = scimErrors('');

/**
 * Carries out a bulk request, one operation after another as planned; each is one command, done or not done at all. Of a circle the
 * operation that went first is completed at the end, and taken back where that fails. After `failOnErrors` errors no other begins, and
 * what did not begin is not reported.
 */
export const runBulk = async (
  deps: BulkDeps,
  context: ScimContext,
  { operations, failOnErrors = Infinity }: BulkRequest,
): Promise<BulkResult[]> => {
  const outcomes = new Map<number, OperationResult>();
  const ids = new Map<string, string>();
  let errors = 0;

  const carryOut = (step: BulkStep): Promise<Done> => {
    const operation = operations[step.index]!;
    switch (step.do) {
      case 'run':
        return runOne(deps, context, resolved(operation, ids));
      case 'runWithout':
        return runOne(deps, context, resolved(operation, ids, step.bulkIds));
      case 'complete':
        return complete(deps, context, operation, ids);
      case 'refuse':
        throw unresolvable(step.bulkIds);
    }
  };

  for (const step of planBulk(operations)) {
    const before = outcomes.get(step.index);
    // What began is completed even when nothing else begins any more; what never came to be can't be.
    if (step.do === 'complete' ? before === undefined || 'error' in before : errors >= failOnErrors) continue;
    const { bulkId } = operations[step.index]!;
    try {
      const done = await carryOut(step);
      outcomes.set(step.index, { done: step.do === 'complete' ? { ...done, status: 201 } : done });
      if (bulkId !== undefined) ids.set(bulkId, done.id);
    } catch (error) {
      errors += 1;
      outcomes.set(step.index, { error });
    }
  }
  return [...outcomes]
    .sort(([a], [b]) => a - b)
    .map(([index, outcome]) => resultOf(deps, context, operations[index]!, outcome));
};

const unresolvable = (bulkIds: readonly string[]) =>
  problem(409, `Nothing was created that bulkId ${bulkIds.join(', ')} refers to.`);

/** The operation with ids for references, but for those that it is carried out without. */
const resolved = (
  operation: BulkOperation,
  ids: ReadonlyMap<string, string>,
  without: readonly string[] = [],
): BulkOperation => {
  const { id, data, references } = operation;
  const missing = references.filter((reference) => !ids.has(reference) && !without.includes(reference));
  if (missing.length > 0) throw unresolvable(missing);
  return {
    ...operation,
    ...(data && { data: withIds(withoutReferences(data, new Set(without)), ids) }),
    ...(id !== undefined && { id: withIds(id, ids) }),
  };
};

const endpointOf = ({ endpoints }: BulkDeps, path: string): ScimEndpoint => {
  const found = endpointAt(endpoints, path);
  if (!found) throw problem(404, `There is no resource type at ${path}.`);
  return found;
};

const runOne = async (
  deps: BulkDeps,
  context: ScimContext,
  { method, endpoint: path, id: given, data, version, malformed }: BulkOperation,
): Promise<Done> => {
  if (malformed) throw malformed;
  const id = given === undefined ? '' : checkedId(given);
  const endpoint = endpointOf(deps, path);
  const asked = { ...context, operation: `${method} ${path} in bulk` };
  const preconditions = { ifMatch: ifMatchOf(version) };
  switch (method) {
    case 'POST': {
      const shown = await endpoint.create(asked, data, NOTHING);
      return { status: 201, id: shown.resource.id as string, shown };
    }
    case 'PUT':
      return { status: 200, id, shown: await endpoint.replace(asked, id, data, preconditions, NOTHING) };
    case 'PATCH':
      return { status: 200, id, shown: await endpoint.patch(asked, id, data, preconditions, NOTHING) };
    case 'DELETE':
      await endpoint.delete(asked, id, preconditions);
      return { status: 204, id };
  }
};

/** The second half of a create in a circle: the same body once more, now that everything it refers to is there. */
const complete = async (
  deps: BulkDeps,
  context: ScimContext,
  operation: BulkOperation,
  ids: ReadonlyMap<string, string>,
): Promise<Done> => {
  const { bulkId, endpoint } = operation;
  const id = ids.get(bulkId!)!;
  try {
    return await runOne(deps, context, { ...resolved(operation, ids), method: 'PUT', id });
  } catch (error) {
    await endpointOf(deps, endpoint).delete(context, id, {});
    throw error;
  }
};

const resultOf = (
  deps: BulkDeps,
  context: ScimContext,
  { method, endpoint: path, bulkId, id }: BulkOperation,
  outcome: OperationResult,
): BulkResult => {
  const told = { method, ...(bulkId !== undefined && { bulkId }) };
  if ('error' in outcome) {
    const { status, body } = toBody(outcome.error, context.caller.correlationId);
    if (status >= 500 && status !== 503)
      deps.log.error({ err: outcome.error, operation: `${method} ${path}` }, 'A bulk operation failed');
    return {
      ...told,
      ...(id !== undefined && !id.startsWith('bulkId:') && { location: `${context.baseUrl}${path}/${id}` }),
      status: String(status),
      response: body,
    };
  }
  const { done } = outcome;
  const location = locationOf(context, endpointOf(deps, path).type, done.id);
  return { ...told, location, ...(done.shown && { version: versionOf(done.shown) }), status: String(done.status) };
};
