import { z } from 'zod';

/** A command between services: its pattern, what it says and what is answered, and how older shapes become today's. */
export type CommandDefinition<Pattern extends string, Payload, Reply> = {
  readonly pattern: Pattern;
  /** One more than the number of upcasts, so it cannot be wrong. */
  readonly version: number;
  /** The payload as it is sent: with its version, so that a service a release behind or ahead reads it right. */
  compose: (payload: Payload) => Versioned<Payload>;
  /** A received payload, of any version, in today's shape. Throws a ZodError on what is none. */
  read: (received: unknown) => Payload;
  /** A received reply. Unknown fields are dropped: replies only ever gain some. */
  readReply: (received: unknown) => Reply;
};

export type Versioned<Payload> = Payload & { v: number };

/** Any definition, as lists of them are typed. */
export type AnyCommand = {
  readonly pattern: string;
  readonly version: number;
  read: (received: unknown) => unknown;
  readReply: (received: unknown) => unknown;
};

export type PayloadOf<Definition> =
  Definition extends CommandDefinition<string, infer Payload, unknown> ? Payload : never;
export type ReplyOf<Definition> = Definition extends CommandDefinition<string, infer _, infer Reply> ? Reply : never;

/** Made once: zod compiles a schema when it is first used. */
const versioned = z.looseObject({ v: z.int().min(1) });

type Upcast = (old: Record<string, unknown>) => Record<string, unknown>;

/** Defines a command once. `upcasts[0]` turns version 1 of the payload into 2. */
export const defineCommand = <const Pattern extends string, P extends z.ZodType, R extends z.ZodType>(
  pattern: Pattern,
  { payload, reply, upcasts = [] }: { payload: P; reply: R; upcasts?: readonly Upcast[] },
): CommandDefinition<Pattern, z.output<P>, z.output<R>> => {
  const version = upcasts.length + 1;
  return {
    pattern,
    version,
    compose: (given) => ({ ...(given as object), v: version }) as Versioned<z.output<P>>,
    read: (received) => {
      const { v, ...old } = versioned.parse(received);
      return payload.parse(
        upcasts.slice(v - 1).reduce((shape, upcast) => upcast(shape), old as Record<string, unknown>),
      );
    },
    readReply: (received) => reply.parse(received),
  };
};
