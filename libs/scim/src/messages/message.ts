import { type JsonObject, member } from '../json/json.ts';
import { invalidSyntax } from '../problem/problem.ts';

/** RFC 7644 §3.1: a message names its schema. Absent it is let pass where the client need not be strict; another one never is. */
export const checkMessage = (body: JsonObject, schema: string, { required }: { required: boolean }): void => {
  const given = member(body, 'schemas') ?? undefined;
  if (given === undefined && !required) return;
  const names =
    Array.isArray(given) && given.some((urn) => typeof urn === 'string' && urn.toLowerCase() === schema.toLowerCase());
  if (!names) throw invalidSyntax(`"schemas" must be ["${schema}"].`);
};
