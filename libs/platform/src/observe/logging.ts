import type { LoggerService } from '@nestjs/common';
import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino';

export type Log = Logger;
/** Where lines go. */
export type LogOutput = DestinationStream;

/** Names under which secrets or people's data could reach a log line by mistake. Logs carry random ids only. */
const REDACTED = [
  'authorization',
  'password',
  'token',
  'secret',
  'key',
  'personal',
  'resource',
  'userName',
  'email',
  'emails',
  'payload',
  'body',
];

/** Structured logs, on standard output unless told where; readable lines come from piping them to a viewer. */
export const openLog = (service: string, level: string, output: LogOutput = pino.destination(1)): Log =>
  pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: stdSerializers.err },
      redact: { paths: REDACTED.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
    },
    output,
  );

/** What is logged through Nest: a text, an error, or `{message, ...}` with fields beside it. */
const partsOf = (said: unknown): [fields: object, text: string] => {
  if (said instanceof Error) return [{ err: said }, said.message];
  if (typeof said !== 'object' || said === null || !('message' in said)) return [{}, String(said)];
  const { message, ...fields } = said;
  return [fields, String(message)];
};

/** Nest's own messages, at a level below ours: its start-up chatter is `debug`. The last argument is the context, that is who says it. */
export const nestLogger = (log: Log): LoggerService => {
  const at =
    (level: 'error' | 'warn' | 'debug' | 'trace') =>
    (said: unknown, ...rest: unknown[]) => {
      const [fields, text] = partsOf(said);
      log[level]({ context: rest.at(-1), ...fields }, text);
    };
  return { log: at('debug'), error: at('error'), warn: at('warn'), debug: at('trace'), verbose: at('trace') };
};
