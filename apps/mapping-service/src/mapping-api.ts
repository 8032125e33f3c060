import type { Apps } from '@tenure/provisioning';
import { ifMatchOf, versionTag } from '@tenure/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';

export const APPS = Symbol('apps');
export type { Apps };

/** `If-Match` as commands take it. */
export const versionsIn = ifMatchOf;

/** Shown with the version that the answer has. */
export const tagged = <Body>(reply: FastifyReply, version: number, body: Body): Body => {
  reply.header('etag', versionTag(version));
  return body;
};

/** A body of `{confirm}`; without it, or without a body, the command says what is missing. */
export const confirmBody = z.strictObject({ confirm: z.boolean().optional() }).optional();
export const confirmQuery = z.strictObject({ confirm: z.stringbool({ error: 'Must be true.' }).optional() });

/** `?preview=true` writes nothing. */
export const previewQuery = z.strictObject({
  preview: z.stringbool({ error: 'Must be true or false.' }).default(false),
});
export type PreviewQuery = z.output<typeof previewQuery>;

/** Where there is nothing to preview, asking for it must not write. */
export const noQuery = z.strictObject({});
