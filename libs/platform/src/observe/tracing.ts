import { context, propagation, SpanKind, SpanStatusCode, trace, type Attributes } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

/** Starts exporting traces where an endpoint is set. Returns what must run at shutdown, so that the last spans are sent. */
export const startTracing = (service: string, endpoint: string | undefined): (() => Promise<void>) => {
  if (endpoint === undefined) return async () => undefined;
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  provider.register();
  return () => provider.shutdown();
};

const tracer = () => trace.getTracer('tenure');

/** Runs `work` in a span that continues the trace of `traceparent` (W3C), which travels in headers, commands and events. */
export const inSpan = <T>(name: string, kind: SpanKind, traceparent: string | undefined, attributes: Attributes, work: () => Promise<T>): Promise<T> => {
  const parent = traceparent === undefined ? context.active() : propagation.extract(context.active(), { traceparent });
  return tracer().startActiveSpan(name, { kind, attributes }, parent, async (span) => {
    try {
      return await work();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
};

/** The current trace as a `traceparent`, to go into a command and from there into the events it causes. */
export const currentTraceparent = (): string | undefined => {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent;
};

export { SpanKind };
