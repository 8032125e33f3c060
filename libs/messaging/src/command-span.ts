import { SpanKind } from '@tenure/eventing';
import type { CommandMessage } from './transport.ts';

/** A command is a remote call, whatever carries it: OpenTelemetry's conventions for RPC spans. Keys are random ids. */
const spanOf =
  (kind: SpanKind) =>
  (pattern: string, { tenantId, key, commandId, correlationId, traceparent }: CommandMessage) => ({
    name: pattern,
    kind,
    traceparent,
    attributes: {
      'rpc.system.name': 'tenure',
      'rpc.method': pattern,
      'tenure.tenant.id': tenantId,
      'tenure.key': key,
      'tenure.command.id': commandId,
      'tenure.correlation.id': correlationId,
    },
  });

export const sending = spanOf(SpanKind.CLIENT);
export const handling = spanOf(SpanKind.SERVER);
