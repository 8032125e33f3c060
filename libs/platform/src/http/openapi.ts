import 'reflect-metadata';
import { RequestMethod, SetMetadata, type Type } from '@nestjs/common';
import { HTTP_CODE_METADATA, METHOD_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { z } from 'zod';

type Answer = { summary: string; schema?: z.ZodType };
const ANSWERS = 'tenure:answers';

/** What a route is for and what it answers with; everything else of `/openapi.json` is read from the route itself. */
export const Answers = (summary: string, schema?: z.ZodType) =>
  SetMetadata<string, Answer>(ANSWERS, { summary, schema });

type RouteArgument = { index: number; data?: unknown; schema?: z.ZodType };
type JsonObject = Record<string, unknown>;

const BODY = 3;
const QUERY = 4;

/** Parameters' kind is the number before the colon in Nest's keys (`RouteParamtypes`). */
const argumentsOf = (controller: Type, method: string): { kind: number; argument: RouteArgument }[] =>
  Object.entries(
    (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, method) ?? {}) as Record<string, RouteArgument>,
  ).map(([key, argument]) => ({
    kind: Number(key.split(':')[0]),
    argument,
  }));

const jsonSchema = (schema: z.ZodType, io: 'input' | 'output') => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonObject;
  return rest;
};

const queryParameters = (schema: z.ZodType) => {
  const { properties = {}, required = [] } = jsonSchema(schema, 'input') as {
    properties?: JsonObject;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: property,
  }));
};

const operation = (controller: Type, method: string, path: string, verb: string): JsonObject => {
  const handler = (controller.prototype as Record<string, object>)[method]!;
  const answer = Reflect.getMetadata(ANSWERS, handler) as Answer | undefined;
  const status =
    (Reflect.getMetadata(HTTP_CODE_METADATA, handler) as number | undefined) ?? (verb === 'post' ? 201 : 200);
  const args = argumentsOf(controller, method);
  const body = args.find(({ kind }) => kind === BODY)?.argument.schema;
  const query = args
    .filter(({ kind, argument }) => kind === QUERY && argument.schema)
    .flatMap(({ argument }) => queryParameters(argument.schema!));
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  return {
    operationId: `${controller.name.replace(/Controller$/, '')}_${method}`,
    ...(answer && { summary: answer.summary }),
    parameters: [...inPath, ...query],
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(body, 'input') } } },
    }),
    responses: {
      [status]: {
        description: answer?.summary ?? '',
        ...(answer?.schema && { content: { 'application/json': { schema: jsonSchema(answer.schema, 'output') } } }),
      },
      default: {
        description: 'A problem',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
};

const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  errors: z.array(z.object({ field: z.string(), message: z.string(), position: z.int().optional() })).optional(),
});

/** OpenAPI 3.1 of some controllers, generated from Nest's own route metadata and the zod schemas of their parameters. */
export const openApi = (title: string, controllers: readonly Type[]): JsonObject => {
  const paths: Record<string, JsonObject> = {};
  for (const controller of controllers) {
    for (const base of [Reflect.getMetadata(PATH_METADATA, controller) ?? ''].flat() as string[]) {
      for (const method of Object.getOwnPropertyNames(controller.prototype)) {
        const handler = (controller.prototype as Record<string, unknown>)[method];
        const verb =
          typeof handler === 'function'
            ? (Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined)
            : undefined;
        // What catches all methods answers that there is nothing; it is no operation.
        if (verb === undefined || verb === RequestMethod.ALL) continue;
        for (const sub of [Reflect.getMetadata(PATH_METADATA, handler as object) ?? ''].flat() as string[]) {
          const path = `/${base}/${sub}`
            .replace(/\/+/g, '/')
            .replace(/(.)\/$/, '$1')
            .replace(/:(\w+)/g, '{$1}')
            .replace(/\*$/, '{rest}');
          const name = RequestMethod[verb].toLowerCase();
          (paths[path] ??= {})[name] = operation(controller, method, path, name);
        }
      }
    }
  }
  return {
    openapi: '3.1.0',
    info: { title, version: '1' },
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: jsonSchema(problemSchema, 'output') },
    },
  };
};
