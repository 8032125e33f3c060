import { z } from 'zod';

const place = z.object({ log: z.string(), offset: z.number(), at: z.number() });
const claims = z.object({ take: z.array(z.string()), release: z.array(z.string()) });

/** A fact on the wire: the stored event, `personal` still sealed. What it says is read with its event definition. */
export const factEnvelope = z.object({
  id: z.string(),
  type: z.string(),
  schemaVersion: z.int().min(1),
  stream: z.string(),
  revision: z.int().min(1),
  position: z.string(),
  recordedAt: z.iso.datetime(),
  data: z.looseObject({ claims: claims.optional() }),
  personId: z.string().optional(),
  personal: z.string().optional(),
  metadata: z.object({
    tenantId: z.string(),
    actor: z.object({ kind: z.enum(['connection', 'admin', 'key', 'system', 'root']), id: z.string() }),
    connectionId: z.string().optional(),
    commandId: z.string(),
    place: place.optional(),
    correlationId: z.string(),
    causationId: z.string(),
    occurredAt: z.iso.datetime(),
    traceparent: z.string().optional(),
  }),
});
