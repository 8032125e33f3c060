import { Controller, Get, Inject } from '@nestjs/common';
import type { Caller } from '@tenure/eventing';
import { Answers, CallerOf, KeyOf, Needs, rightsOf, rightNames, type CallerKey } from '@tenure/platform';
import { z } from 'zod';
import { DIRECTORY, type DirectoryApi } from './directory-api.ts';

const meReply = z.object({
  kind: z.literal('key'),
  /** The tenant's id; absent for the root key. */
  tenant: z.string().optional(),
  role: z.enum(['root', 'super_admin', 'admin', 'auditor']),
  /** Of an admin: their own id, and the user that they are. */
  id: z.string().optional(),
  userId: z.string().optional(),
  name: z.string().optional(),
  can: z.array(z.enum(rightNames)),
});

/** Tells whoever holds a key whose it is and what it may do. */
@Controller('auth/v1')
export class MeController {
  constructor(@Inject(DIRECTORY) private readonly directory: DirectoryApi) {}

  @Get('me')
  @Needs('auditorOrRoot')
  @Answers('Whose key it is, and what it may do', meReply)
  async me(@CallerOf() { tenantId, actor }: Caller, @KeyOf() key: CallerKey): Promise<z.output<typeof meReply>> {
    const can = rightsOf(key);
    if (key.role === 'root') return { kind: 'key', role: key.role, can };
    const { userId, name } = await this.directory.queries.admins.nameOf(tenantId, actor.id);
    return { kind: 'key', tenant: tenantId, role: key.role, id: actor.id, userId, ...(name && { name }), can };
  }
}
