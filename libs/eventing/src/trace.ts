import {
  context,
  INVALID_SPAN_CONTEXT,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Link,
  type Span,
} from '@opentelemetry/api';
import type { StoredEvent } from './event.ts';
import { Rejected } from './rejected.ts';

/** What a span says of its work. Attributes are ids, names and numbers: traces leave the system, so nothing personal goes into them (design, decision 11). */
export type SpanOf = { name: string; kind: SpanKind; attributes: Attributes };

/** Far more than anybody follows by hand; what the SDK keeps of a span by default. */
const MOST_LINKS = 128;

const notRecorded: Span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

/** Without an SDK there is no propagator, and work costs what it costs without spans. */
export const isTracing = () => propagation.fields().length > 0;

const contextOf = (traceparent: string, within = ROOT_CONTEXT) => propagation.extract(within, { traceparent });

/** Runs `work` in a span that continues the trace of `traceparent` (W3C), which travels in headers, commands and events; without one, the current trace. */
export const inSpan = async <T>(
  { name, kind, attributes, traceparent, links }: SpanOf & { traceparent?: string | undefined; links?: Link[] },
  work: (span: Span) => Promise<T>,
): Promise<T> => {
  if (!isTracing()) return work(notRecorded);
  const parent = traceparent === undefined ? context.active() : contextOf(traceparent, context.active());
  return trace
    .getTracer('tenure')
    .startActiveSpan(name, { kind, attributes, ...(links && { links }) }, parent, async (span) => {
      try {
        return await work(span);
      } catch (error) {
        noteFailure(span, error);
        throw error;
      } finally {
        span.end();
      }
    });
};

/** A refusal is no failure, unless it stands for one; what an error says may be personal, so only its name is told. */
const noteFailure = (span: Span, error: unknown) => {
  if (error instanceof Rejected) span.setAttribute('tenure.refusal', error.code);
  if (error instanceof Rejected && error.kind !== 'unavailable') return;
  markFailed(span, error instanceof Error ? error.name : 'unknown');
};

/** `type` is of a small set: the name of an error, a status. */
export const markFailed = (span: Span, type: string): void => {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
};

/** Runs `work` on several events in one span: it continues their trace where they share one, else it links to the spans that wrote them. */
export const inBatchSpan = <T>(
  span: SpanOf,
  events: readonly StoredEvent[],
  work: (span: Span) => Promise<T>,
): Promise<T> => {
  if (!isTracing()) return work(notRecorded);
  const traceparents = [...new Set(events.flatMap(({ metadata }) => metadata.traceparent ?? []))];
  const attributes = { ...span.attributes, 'messaging.batch.message_count': events.length };
  if (traceparents.length === 1) return inSpan({ ...span, attributes, traceparent: traceparents[0] }, work);
  const links = traceparents
    .slice(0, MOST_LINKS)
    .flatMap((traceparent) => trace.getSpanContext(contextOf(traceparent)) ?? []);
  return inSpan({ ...span, attributes, links: links.map((linked) => ({ context: linked })) }, work);
};

/** The current span as a `traceparent`, to go into a command and from there into the events it causes. */
export const currentTraceparent = (): string | undefined => {
  if (!isTracing()) return undefined;
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent;
};

/** The same as part of the current span, so that what it causes becomes that span's child; without tracing it keeps the trace it came with. */
export const inCurrentSpan = <T extends { traceparent?: string }>(carrier: T): T => {
  const traceparent = currentTraceparent();
  return traceparent === undefined ? carrier : { ...carrier, traceparent };
};

/** A `traceparent` header as somebody sent it; undefined for anything else, which must not come into commands and events (W3C Trace Context §3.2). */
export const readTraceparent = (header: unknown): string | undefined =>
  typeof header === 'string' && /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/.test(header)
    ? header
    : undefined;

export { SpanKind, type Span };
