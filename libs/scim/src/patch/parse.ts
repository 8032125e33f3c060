import type { Dialect } from '../dialect/settings.ts';
import { isStrict } from '../dialect/settings.ts';
import { type Json, type JsonObject, checkedObject, isObject, member } from '../json/json.ts';
import { checkMessage } from '../messages/message.ts';
import { invalidPath, invalidSyntax, invalidValue, mutability, noTarget, problem } from '../problem/problem.ts';
import { isWritable } from '../resource/parse.ts';
import {
  type Note,
  type Reading,
  note,
  readElement,
  readList,
  readSingleComplex,
  readValue,
  singleOf,
} from '../resource/value.ts';
import type { ResourceType } from '../schema/attribute.ts';
import { attributesOf, findSchema } from '../schema/lookup.ts';
import { isTenures } from '../schema/user.schema.ts';
import { type Path, isAttributePath, parsePath } from '../path/path.ts';
import { type PatchOperation, type PatchTarget, patchSchema } from './operation.ts';

type Op = PatchOperation['op'];
type Context = { type: ResourceType; reading: Reading };

const opOf = (raw: Json | undefined, reading: Reading): Op => {
  if (raw === undefined || raw === null) {
    if (reading.dialect.missingOp === 'reject') throw invalidSyntax('An operation lacks "op".');
    note(reading, 'missing-op', 'op');
    return 'replace';
  }
  const op =
    typeof raw === 'string'
      ? (['add', 'replace', 'remove'] as const).find((one) => one === raw.toLowerCase())
      : undefined;
  if (!op) throw invalidSyntax('"op" must be add, replace or remove.');
  return op;
};

const targetOf = ({ path, where, sub }: Path): PatchTarget => ({
  path,
  ...(where && { where }),
  ...(sub && { sub: sub.name }),
});

const nameOf = ({ path, sub }: Path): string => (sub ? `${path}.${sub.name}` : path);

/** §1.8: what is required cannot be taken away; as a removal that is a matter of mutability, as an empty value one of values. */
const refuseClearing = (path: Path, removal: boolean): void => {
  const { attribute, sub, where } = path;
  if (!(sub ?? attribute).required || (where && !sub)) return;
  throw removal
    ? mutability(`"${nameOf(path)}" is required and cannot be removed.`)
    : invalidValue(`"${nameOf(path)}" is required.`);
};

const removal = (path: Path, value: Json | undefined, { reading }: Context): PatchOperation[] => {
  const { attribute, where, sub } = path;
  // RFC 7644 §3.5.2.2 gives a removal no value: an empty one is none, and names none of the values to be removed.
  if (where || sub || !attribute.multiValued || value === undefined || value === null || value === '') {
    refuseClearing(path, true);
    return [{ op: 'remove', ...targetOf(path) }];
  }
  const values = readList(attribute, value, path.path, reading);
  return values.length > 0 ? [{ op: 'remove', ...targetOf(path), values }] : [];
};

const clearing = (path: Path): PatchOperation[] => {
  refuseClearing(path, false);
  return [{ op: 'remove', ...targetOf(path), emptied: true }];
};

/** The value in the form of its target; `undefined` where it is empty, which on a replace, or on what has one value, clears. */
const assignment = (op: 'add' | 'replace', path: Path, value: Json, { reading }: Context): PatchOperation[] => {
  const { attribute, where, sub } = path;
  const target = targetOf(path);
  if (sub) {
    const read = readValue(sub, value, nameOf(path), reading);
    return read === undefined ? clearing(path) : [{ op, ...target, value: read }];
  }
  if (where) {
    // SAP's client replaces the values that a filter selects by a list of one.
    const element = readElement(attribute, singleOf(value, path.path, reading), path.path, reading);
    if (element !== undefined) return [{ op, ...target, value: element }];
    return op === 'add' ? [] : clearing(path);
  }
  if (attribute.multiValued) {
    const list = readList(attribute, value, path.path, reading);
    if (list.length > 0) return [{ op, ...target, value: list }];
    return op === 'add' ? [] : clearing(path);
  }
  const read =
    attribute.type === 'complex'
      ? readSingleComplex(attribute, value, path.path, reading)
      : readValue(attribute, value, path.path, reading);
  if (read === '') refuseClearing(path, false);
  return read === undefined ? clearing(path) : [{ op, ...target, value: read }];
};

/** Whether the target may be written. `pathless`: it came without a path, among attributes that clients send back as they got them (O5, O8). */
const admits = (path: Path, pathless: boolean, { reading }: Context): boolean => {
  if (isWritable(path, reading)) return true;
  const withheld = isTenures(path.schema) && !reading.dialect.tenureExtension;
  const ignored = path.attribute.name === 'schemas' || ((pathless || withheld) && !isStrict(reading.dialect));
  if (!ignored) throw mutability(`"${nameOf(path)}" is read-only.`);
  return false;
};

const operationAt = (
  op: Op,
  text: string,
  value: Json | undefined,
  pathless: boolean,
  context: Context,
): PatchOperation[] => {
  const { type, reading } = context;
  const named = findSchema(type, text);
  if (named && (!named.legacy || (named.extension && !isStrict(reading.dialect)))) {
    if (named.legacy) note(reading, 'legacy-schema', text);
    return operationsOnSchema(op, named.schema.id, value, pathless, context);
  }
  const path = parsePath(type, text, reading.dialect);
  if (!path) {
    // What came without a path is a member of a body, which C3 lets have any name.
    if (isStrict(reading.dialect) || (!pathless && !isAttributePath(text)))
      throw invalidPath(`"${text.slice(0, 200)}" is not an attribute of ${type.name}.`);
    note(reading, 'unknown-attribute', text);
    return [];
  }
  if (path.bare) note(reading, 'bare-extension-attribute', path.path);
  if (pathless && (path.where || path.sub)) {
    if (isStrict(reading.dialect)) throw invalidValue(`"${text.slice(0, 200)}" is a path, not an attribute.`);
    note(reading, 'flattened-name', nameOf(path));
  }
  if (!admits(path, pathless, context)) return [];
  if (op === 'remove') return removal(path, value, context);
  if (value === undefined) throw invalidValue(`The operation on "${nameOf(path)}" has no value.`);
  return assignment(op, path, value, context);
};

/** The path is a schema: its value holds attributes of it; without one, a removal takes them all. */
const operationsOnSchema = (
  op: Op,
  urn: string,
  value: Json | undefined,
  pathless: boolean,
  context: Context,
): PatchOperation[] => {
  // Clients that hold an extension as a resource of its own send its `schemas` along.
  if (op !== 'remove' && isObject(value))
    return Object.entries(value).flatMap(([name, one]) =>
      name.toLowerCase() === 'schemas' ? [] : operationAt(op, `${urn}:${name}`, one, pathless, context),
    );
  const extension = context.type.extensions.find(({ schema }) => schema.id === urn);
  if (!extension || (op !== 'remove' && value !== null))
    throw op === 'remove' ? mutability(`"${urn}" cannot be removed.`) : invalidValue(`"${urn}" must be an object.`);
  if (op === 'add') return [];
  if (extension.required) throw mutability(`"${urn}" is required and cannot be removed.`);
  return attributesOf(context.type)
    .filter((found) => found.schema.id === urn && isWritable(found, context.reading))
    .map(({ path }) => ({ op: 'remove', path }));
};

/** E6: without a path every member of the value is a path of its own, `name.givenName` and `urn:…:User:employeeNumber` too. */
const withoutPath = (op: 'add' | 'replace', value: Json | undefined, context: Context): PatchOperation[] => {
  const object = Array.isArray(value) && value.length === 1 && !isStrict(context.reading.dialect) ? value[0] : value;
  if (!isObject(object)) throw invalidValue('An operation without a path needs an object as its value.');
  return Object.entries(object).flatMap(([name, one]) => operationAt(op, name, one, true, context));
};

const operationOf = (raw: Json, context: Context): PatchOperation[] => {
  if (!isObject(raw)) throw invalidSyntax('An operation must be an object.');
  const op = opOf(member(raw, 'op'), context.reading);
  const path = member(raw, 'path');
  const value = member(raw, 'value');
  if (path !== undefined && path !== null && typeof path !== 'string') throw invalidPath('"path" must be a string.');
  if (path) return operationAt(op, path, value, false, context);
  if (op === 'remove') throw noTarget('A removal needs a path.');
  return withoutPath(op, value, context);
};

const operationsIn = (body: JsonObject, reading: Reading): Json[] => {
  checkMessage(body, patchSchema, { required: isStrict(reading.dialect) });
  if (member(body, 'schemas') === undefined) note(reading, 'missing-schemas', 'schemas');
  const operations = member(body, 'Operations');
  if (!Array.isArray(operations)) throw invalidSyntax('"Operations" must be an array.');
  if (operations.length > 0) return operations;
  // E24: Microsoft's validator sends none at all once.
  if (isStrict(reading.dialect)) throw invalidSyntax('"Operations" is empty.');
  note(reading, 'no-operations', 'Operations');
  return operations;
};

/** Members apart, each operation may have to look through a whole list. */
const maxOperations = 1_000;

/** RFC 7644 §3.5.2: the body of a PATCH as operations that can travel, and be applied where the state is. */
export const parsePatch = (
  type: ResourceType,
  body: unknown,
  dialect: Dialect,
): { operations: PatchOperation[]; notes: Note[] } => {
  const reading: Reading = { dialect, notes: [] };
  const operations = operationsIn(checkedObject(body), reading).flatMap((raw) => operationOf(raw, { type, reading }));
  if (operations.filter(({ path }) => path !== 'members').length > maxOperations)
    throw problem(413, `A PATCH has at most ${maxOperations} operations.`);
  return { operations, notes: reading.notes };
};
