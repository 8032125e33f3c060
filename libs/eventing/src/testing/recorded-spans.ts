import { context, propagation, SpanKind, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-node';

export type RecordedSpans = {
  /** Those that ended, of one trace or of all. */
  ended: (traceId?: string) => ReadableSpan[];
  reset: () => void;
  stop: () => Promise<void>;
};

/** Turns tracing on in this process, and keeps what is recorded. */
export const recordSpans = (): RecordedSpans => {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  provider.register();
  return {
    ended: (traceId) =>
      exporter.getFinishedSpans().filter((span) => traceId === undefined || span.spanContext().traceId === traceId),
    reset: () => exporter.reset(),
    stop: async () => {
      for (const api of [trace, propagation, context]) api.disable();
      await provider.shutdown();
    },
  };
};

/** Each span and what it is part of, as in `SERVER user.create < CLIENT user.create`. */
export const lineages = (spans: readonly ReadableSpan[]): string[] => {
  const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
  const title = ({ kind, name }: ReadableSpan) => `${SpanKind[kind]} ${name}`;
  return spans.map((span) => {
    const parent = byId.get(span.parentSpanContext?.spanId ?? '');
    return parent ? `${title(span)} < ${title(parent)}` : title(span);
  });
};
