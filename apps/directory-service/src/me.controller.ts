import { Controller, Get, Inject } from '@nestjs/common';
import type { Caller } from '@tenure/eventing';
import { Answers, CallerOf, KeyOf, Needs, rightsOf, rightNames, type CallerKey } from '@tenure/platform';
import { z } from 'zod';
import { DIRECTORY, type DirectoryApi } from './directory-api.ts';

const meReply = z.object({
  kind: z.enum(['key', 'session']),
  /** The tenant's id; absent for the root key. */
  tenant: z.string().optional(),
  role: z.enum(['root', 'super_admin', 'admin', 'auditor']),
  /** Of an admin: their own id, and the user that they are, where they are one. */
  id: z.string().optional(),
  userId: z.string().optional(),
  /** Of a key for machines: its id. */
  keyId: z.string().optional(),
  /** What the admin is called; of a key that acts for itself, the key. */
  name: z.string().optional(),
  can: z.array(z.enum(rightNames)),
});

/** Tells whoever holds a key or a session whose it is and what it may do. */
@Controller('auth/v1')
export class MeController {
  constructor(@Inject(DIRECTORY) private readonly directory: DirectoryApi) {}

  @Get('me')
  @Needs('auditorOrRoot')
  @Answers('Whose key or session it is, and what it may do', meReply)
  async me(@CallerOf() { tenantId }: Caller, @KeyOf() key: CallerKey): Promise<z.output<typeof meReply>> {
    const { role, keyId, adminId, sessionId } = key;
    const kind = sessionId === undefined ? 'key' : 'session';
    const can = rightsOf(key);
    if (role === 'root') return { kind, role, can };
    const who = { kind, tenant: tenantId, role, ...(keyId !== undefined && { keyId }) } as const;
    const { admins, keys } = this.directory.queries;
    if (adminId === undefined) return { ...who, name: (await keys.get(tenantId, keyId!)).name, can };
    const { userId, name } = await admins.nameOf(tenantId, adminId);
    return { ...who, id: adminId, ...(userId !== adminId && { userId }), ...(name && { name }), can };
  }
}
