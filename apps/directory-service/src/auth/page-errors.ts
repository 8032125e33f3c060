import type { HttpException } from '@nestjs/common';
import { Rejected } from '@tenure/eventing';
import { headersOf, statusOf } from '@tenure/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { html, sendPage } from './pages.ts';

/** Scripts send and get JSON; browsers' forms get pages. */
export const wantsJson = ({ headers }: Pick<FastifyRequest, 'headers'>): boolean =>
  headers['content-type']?.startsWith('application/json') === true || headers['tenure-csrf'] !== undefined;

const headings: Readonly<Record<number, string>> = {
  403: 'You can’t sign in',
  429: 'Too many attempts',
  503: 'The provider can’t be reached',
};

/** What is refused to a browser is a page, with the code by which it can be looked up. */
export const orPage = async <T>(request: FastifyRequest, reply: FastifyReply, work: () => Promise<T>) => {
  try {
    return await work();
  } catch (error) {
    if (wantsJson(request)) throw error;
    const status = error instanceof Rejected ? statusOf[error.kind] : (error as HttpException).getStatus?.();
    if (status === undefined) throw error;
    reply.headers(headersOf(error));
    return sendPage(reply, {
      title: headings[status] ?? 'That did not work',
      body: html`<p>${(error as Error).message}</p>
        <p><small>Code: ${error instanceof Rejected ? error.code : `http/${status}`}</small></p>
        <p><a href="/auth">Back to signing in</a></p>`,
      status,
    });
  }
};
