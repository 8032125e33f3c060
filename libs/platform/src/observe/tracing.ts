import { context, propagation, trace } from '@opentelemetry/api';
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
  return async () => {
    for (const api of [trace, propagation, context]) api.disable();
    await provider.shutdown();
  };
};

export { currentTraceparent, inSpan, SpanKind } from '@tenure/eventing';
