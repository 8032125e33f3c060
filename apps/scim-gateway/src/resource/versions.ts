import { createHash } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ifMatchOf } from '@tenure/platform';
import { etagOf, type JsonObject } from '@tenure/scim';
import type { FastifyRequest } from 'fastify';
import type { ConditionalHeaders, Shown } from './scim-endpoint.ts';

/** A mark of what a resource shows beside its own state: another one when anything of it changes, whatever its order. */
export const besideOf = (values: readonly JsonObject[]): string | undefined =>
  values.length === 0
    ? undefined
    : createHash('sha256')
        .update(
          values
            .map((value) => JSON.stringify(value))
            .sort()
            .join(),
        )
        .digest('base64url')
        .slice(0, 8);

/**
 * `meta.version` and ETag: the revision, and where groups are shown, which change without it (design, decision 7), their mark.
 * Writes, which change the revision, look at it alone; the `If-None-Match` of a GET compares all of it.
 */
export const versionOf = ({ revision, beside }: Pick<Shown, 'revision' | 'beside'>): string =>
  beside === undefined ? etagOf(revision) : `W/"${revision}-${beside}"`;

const opaque = (tag: string) => tag.trim().replace(/^W\//i, '').replaceAll('"', '');

/** Whether an `If-None-Match` names this version; weakly, as SCIM's tags are (RFC 7644 §3.14). */
export const isKnown = (header: string, version: string): boolean =>
  header.trim() === '*' || header.split(',').some((tag) => opaque(tag) === opaque(version));

/** Of which versions a write may be (RFC 9110 §13.1, RFC 7644 §3.14). */
export const IfVersion = createParamDecorator((_data: unknown, context: ExecutionContext): ConditionalHeaders => {
  const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
  return { ifMatch: ifMatchOf(headers['if-match']), ifNoneMatch: ifMatchOf(headers['if-none-match']) };
});
