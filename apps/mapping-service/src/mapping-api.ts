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

const previewPage = {
  user: z.string().min(1).max(512).optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
  cursor: z.string().max(500).optional(),
};

/** `?preview=true` of what concerns everybody: of one person alone (`user`), or a page. */
export const previewPageQuery = previewQuery
  .extend(previewPage)
  .refine(({ preview, ...page }) => preview || Object.values(page).every((value) => value === undefined), {
    path: ['preview'],
    message: 'user, limit and cursor are for previews: add preview=true.',
  })
  .transform(({ preview, limit = 1000, ...page }) => ({ preview, page: { limit, ...page } }));
export type PreviewPageQuery = z.output<typeof previewPageQuery>;

/** Where there is nothing to preview, asking for it must not write. */
export const noQuery = z.strictObject({});
