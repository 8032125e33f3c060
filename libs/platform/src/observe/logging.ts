import type { LoggerService } from '@nestjs/common';
import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino';

export type Log = Logger;
/** Where lines go. */
export type LogOutput = DestinationStream;

/** Names under which secrets or people's data could reach a log line by mistake. Logs carry random ids only. */
const REDACTED = ['authorization', 'password', 'token', 'secret', 'key', 'personal', 'resource', 'userName', 'email', 'emails', 'payload', 'body'];

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

/** Nest's own messages, at a level below ours: its start-up chatter is `debug`. */
export const nestLogger = (log: Log): LoggerService => ({
  log: (message: unknown, context?: unknown) => log.debug({ context }, String(message)),
  error: (message: unknown, ...rest: unknown[]) => log.error({ context: rest.at(-1), err: message instanceof Error ? message : undefined }, String(message)),
  warn: (message: unknown, context?: unknown) => log.warn({ context }, String(message)),
  debug: (message: unknown, context?: unknown) => log.trace({ context }, String(message)),
  verbose: (message: unknown, context?: unknown) => log.trace({ context }, String(message)),
});
