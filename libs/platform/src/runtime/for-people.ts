import { DatabaseUnreachable, NoEmbeddedPostgres } from '@tenure/database';
import { StoreUnusable } from '@tenure/eventing';
import { Misconfigured } from '../config/environment.ts';

const told = [Misconfigured, DatabaseUnreachable, NoEmbeddedPostgres, StoreUnusable];

/** What ended a start, for the person who started it: one line with what to do where we know, else where it happened. */
export const forPeople = (error: unknown): string => {
  const isTold = told.some((known) => error instanceof known) || (error as { code?: string }).code === 'EADDRINUSE';
  return isTold ? (error as Error).message : ((error as Error).stack ?? String(error));
};
