import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import {
  ANCHOR,
  checkpointsQuery,
  checkpointsReply,
  exportBody,
  exportJobReply,
  exportLines,
  findExportJob,
  findFinishedExport,
  logReply,
  proofQuery,
  startExport,
  type CheckpointsQuery,
  type ExportBody,
  type ExportOptions,
  type LogQueries,
  type ProofQuery,
} from '@tenure/audit';
import { Answers, Needs } from '@tenure/platform';
import type { FastifyReply } from 'fastify';

export const LOG = Symbol('log');
export type Log = { queries: LogQueries; exports: ExportOptions; wake: () => void };

const TEXT = 'text/plain; charset=utf-8';
const BYTES = 'application/octet-stream';
/** A checkpoint moves on; a tile never changes. */
const FOR_SECONDS = 'private, max-age=5';
const FOR_EVER = 'private, max-age=31536000, immutable';

/** The log of a tenant's audit and its proofs (R84), in the forms of C2SP tlog-tiles, tlog-checkpoint and tlog-proof. */
@Controller('audit/v1/tenants/:tenantId')
export class LogController {
  constructor(@Inject(LOG) private readonly log: Log) {}

  @Get('log')
  @Answers('What the log is called, what verifies it, and where its proof begins', logReply)
  info(@Param('tenantId') tenantId: string) {
    return this.log.queries.log(tenantId);
  }

  @Get('checkpoint')
  @Header('Content-Type', TEXT)
  @Header('Cache-Control', FOR_SECONDS)
  @Answers('The newest signed checkpoint (C2SP tlog-checkpoint)')
  checkpoint(@Param('tenantId') tenantId: string) {
    return this.log.queries.checkpoint(tenantId);
  }

  @Get('checkpoints')
  @Answers('Signed checkpoints, newest first', checkpointsReply)
  checkpoints(@Param('tenantId') tenantId: string, @Query({ schema: checkpointsQuery }) query: CheckpointsQuery) {
    return this.log.queries.checkpoints(tenantId, query);
  }

  @Get('tile/*')
  @Header('Content-Type', BYTES)
  @Header('Cache-Control', FOR_EVER)
  @Answers('A tile of hashes or a bundle of entries (C2SP tlog-tiles)')
  tile(@Param('tenantId') tenantId: string, @Param('*') path: string) {
    return this.log.queries.tile(tenantId, `tile/${path}`);
  }

  @Get('proof')
  @Header('Content-Type', TEXT)
  @Answers('The proof that the log holds an entry (C2SP tlog-proof), or that it follows from an older size')
  proof(@Param('tenantId') tenantId: string, @Query({ schema: proofQuery }) query: ProofQuery) {
    return this.log.queries.proof(tenantId, query);
  }

  @Post('export')
  @Needs('auditor')
  @HttpCode(202)
  @Answers('A job that prepares an export which can be verified offline', exportJobReply)
  async export(@Param('tenantId') tenantId: string, @Body({ schema: exportBody }) body: ExportBody) {
    const { database, installation } = this.log.exports;
    const job = await startExport(database, installation.schema, tenantId, body);
    this.log.wake();
    return job;
  }

  @Get('jobs/:id')
  @Answers('A job', exportJobReply)
  job(@Param('tenantId') tenantId: string, @Param('id') id: string) {
    const { database, installation } = this.log.exports;
    return findExportJob(database, installation.schema, tenantId, id);
  }

  @Get('exports/:id')
  @Answers('The export: gzip of NDJSON')
  async download(@Param('tenantId') tenantId: string, @Param('id') id: string, @Res() reply: FastifyReply) {
    const { database, installation } = this.log.exports;
    const found = await findFinishedExport(database, installation.schema, tenantId, id);
    const name = `audit-${tenantId}-${found.first}-${found.after}.ndjson.gz`;
    const gzip = createGzip();
    // A failure on the way cuts the stream: the last line is missing, and the verifier says so.
    pipeline(Readable.from(exportLines(this.log.exports, found)), gzip).catch((error: Error) => gzip.destroy(error));
    await reply
      .header('content-type', 'application/gzip')
      .header('content-disposition', `attachment; filename="${name}"`)
      .send(gzip);
  }
}

/** The log in which the checkpoints of all tenants' logs are written down: what witnesses cosign. For the operator, since it names every tenant. */
@Controller('audit/v1/anchor')
@Needs('root')
export class AnchorController {
  constructor(@Inject(LOG) private readonly log: Log) {}

  @Get('checkpoint')
  @Header('Content-Type', TEXT)
  @Header('Cache-Control', FOR_SECONDS)
  @Answers('The newest checkpoint of the anchor log, with the cosignatures of witnesses')
  checkpoint() {
    return this.log.queries.checkpoint(ANCHOR);
  }

  @Get('tile/*')
  @Header('Content-Type', BYTES)
  @Header('Cache-Control', FOR_EVER)
  @Answers('A tile of hashes or a bundle of entries of the anchor log')
  tile(@Param('*') path: string) {
    return this.log.queries.tile(ANCHOR, `tile/${path}`);
  }
}
