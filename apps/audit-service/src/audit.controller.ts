import { Controller, Get, Header, Inject, Param, Query } from '@nestjs/common';
import {
  entriesQuery,
  entriesReply,
  usageQuery,
  usageReply,
  type EntriesQuery,
  type ledgerQueries,
  type UsageQuery,
  type usageQueries,
} from '@tenure/audit';
import type { Clock } from '@tenure/eventing';
import { Answers } from '@tenure/platform';

export const AUDIT = Symbol('audit');
export type Audit = { ledger: ReturnType<typeof ledgerQueries>; usage: ReturnType<typeof usageQueries>; clock: Clock };

/** What happened, for auditors (api.md, Audit). */
@Controller('audit/v1/tenants/:tenantId')
export class AuditController {
  constructor(@Inject(AUDIT) private readonly audit: Audit) {}

  @Get('entries')
  @Answers('Entries of the ledger, newest first', entriesReply)
  entries(@Param('tenantId') tenantId: string, @Query({ schema: entriesQuery }) query: EntriesQuery) {
    return this.audit.ledger.entries(tenantId, query);
  }

  @Get('usage')
  @Answers('How often each thing was done to accounts of an app (R53)', usageReply)
  async usage(@Param('tenantId') tenantId: string, @Query({ schema: usageQuery }) query: UsageQuery) {
    return this.audit.usage.counts(tenantId, query, await this.audit.clock.now());
  }

  @Get('usage.csv')
  @Header('Content-Type', 'text/csv; charset=utf-8')
  @Answers('The same, a line each')
  async csv(@Param('tenantId') tenantId: string, @Query({ schema: usageQuery }) query: UsageQuery) {
    return this.audit.usage.csv(tenantId, query, await this.audit.clock.now());
  }
}
