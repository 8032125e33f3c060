import type { ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { isStorable, Rejected } from '@tenure/eventing';
import type { FastifyRequest } from 'fastify';
import { UNSTORABLE } from './parse-json.ts';
import { settingsOf } from './route-settings.ts';

const refused = (field: string, message: string) =>
  new Rejected('invalid', 'request/invalid', `${field}: ${message}`, [{ field, message }]);

/** SCIM has ways of its own with paths and queries, and nobody minds what is asked of a public route. */
const isJsonApi = (request: FastifyRequest) =>
  !['public', 'connection', 'discovery'].includes(settingsOf(request).needs ?? '');

/** Text of paths and queries must be such as can be stored, whatever a route does with it. */
export const refuseUnstorable = (request: FastifyRequest): void => {
  if (!isJsonApi(request)) return;
  for (const [name, value] of [...Object.entries(request.params ?? {}), ...Object.entries(request.query ?? {})])
    if (![name, value].flat().every((text) => isStorable(String(text))))
      throw refused(name.replaceAll('\0', '\uFFFD').toWellFormed().slice(0, 100), UNSTORABLE);
};

const QUERY = 4;

/** A JSON API's route that declares no query takes none. The others have a schema that says which names there are. */
export const refuseUnknownQuery = (request: FastifyRequest, context: ExecutionContext): void => {
  const [name] = Object.keys(request.query ?? {});
  if (name === undefined) return;
  const args = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), context.getHandler().name) as
    Record<string, unknown> | undefined;
  const declared = Object.keys(args ?? {}).some((key) => Number(key.split(':')[0]) === QUERY);
  if (!declared) throw refused(name.slice(0, 100), 'Unknown query parameter.');
};
