import type { z } from 'zod';

/** What a person's data reads as after the person was erased (design, decision 11). */
export const ERASED = 'erased';
export type Erased = typeof ERASED;

export type DomainEvent = { type: string; data: Readonly<Record<string, unknown>>; personal?: unknown };

type Made<T extends string, D, P> = [P] extends [never]
  ? { type: T; data: D }
  : { type: T; data: D; personal: P | Erased };

type Upcast = (old: Record<string, unknown>) => Record<string, unknown>;

export type EventDefinition<T extends string, D, P> = {
  (...parts: [P] extends [never] ? [data: D] : [data: D, personal: P | Erased]): Made<T, D, P>;
  readonly type: T;
  /** One more than the number of upcasts, so it cannot be wrong. */
  readonly schemaVersion: number;
  readonly hasPersonal: boolean;
  /** An event stored at any version, in today's shape. */
  fromStored: (version: number, data: unknown, personal?: unknown) => Made<T, D, P>;
};

/** Any definition, as lists of them are typed: only what holds for all. */
export type AnyDefinition = {
  readonly type: string;
  readonly schemaVersion: number;
  readonly hasPersonal: boolean;
  fromStored: (version: number, data: unknown, personal?: unknown) => DomainEvent;
};

type Shape<S extends z.ZodType, P extends z.ZodType | undefined> = {
  /** Without personal data: ids, codes, names of attributes. */
  data: S;
  /** What is sealed with the person's key. Only user and account events have it. */
  personal?: P;
  /** How older shapes of `data` become today's, oldest first: `upcasts[0]` turns version 1 into 2. */
  upcasts?: readonly Upcast[];
  upcastsPersonal?: readonly Upcast[];
};

type PersonalOf<P> = P extends z.ZodType ? z.output<P> : never;

/** Defines a fact once: its name, the shape it has today, and how older shapes become today's. */
export const defineEvent = <const T extends string, S extends z.ZodType, P extends z.ZodType | undefined = undefined>(
  type: T,
  { data: dataSchema, personal: personalSchema, upcasts = [], upcastsPersonal = [] }: Shape<S, P>,
): EventDefinition<T, z.output<S>, PersonalOf<P>> => {
  const schemaVersion = Math.max(upcasts.length, upcastsPersonal.length) + 1;
  const make = (data: unknown, personal?: unknown) => (personalSchema ? { type, data, personal } : { type, data });
  const today = (version: number, steps: readonly Upcast[], stored: unknown) =>
    steps.slice(version - 1).reduce((old, upcast) => upcast(old), stored as Record<string, unknown>);
  const fromStored = (version: number, data: unknown, personal?: unknown) =>
    make(
      dataSchema.parse(today(version, upcasts, data)),
      personalSchema && personal !== ERASED
        ? personalSchema.parse(today(version, upcastsPersonal, personal))
        : personal,
    );
  return Object.assign(make, {
    type,
    schemaVersion,
    hasPersonal: personalSchema !== undefined,
    fromStored,
  }) as EventDefinition<T, z.output<S>, PersonalOf<P>>;
};

/** The union of the events that a list of definitions describes. */
export type EventOf<D extends readonly AnyDefinition[]> = ReturnType<D[number]['fromStored']>;
