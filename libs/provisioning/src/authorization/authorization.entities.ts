import { instantColumn } from '@tenure/database';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An admin was sent to an app's own page to grant access; used once, by whoever comes back with its state (R97). */
@Entity({ schema: 'provisioning', name: 'authorization_requests' })
export class AuthorizationRequest {
  /** SHA-256 of the state: who reads the table can't come back with it. */
  @PrimaryColumn('text', { name: 'state_hash' }) stateHash!: string;
  @Column('text', { name: 'tenant_id' }) tenantId!: string;
  @Column('text', { name: 'app_id' }) appId!: string;
  /** The client, the verifier, the redirect URI and who asked, sealed and bound to the hash. */
  @Column('text') sealed!: string;
  @Column('timestamptz', { name: 'expires_at', transformer: instantColumn }) expiresAt!: string;
}

/** The tokens of a grant, by the credential that they belong to. */
@Entity({ schema: 'provisioning', name: 'oauth_grants' })
export class OAuthGrant {
  @PrimaryColumn('text', { name: 'secret_id' }) secretId!: string;
  @Column('text', { name: 'tenant_id' }) tenantId!: string;
  /** Sealed and bound to the credential's id. */
  @Column('text') sealed!: string;
  @Column('timestamptz', { name: 'expires_at', transformer: instantColumn }) expiresAt!: string;
  @Column('timestamptz', { name: 'refreshed_at', transformer: instantColumn }) refreshedAt!: string;
  @Column('int') version!: number;
  /** Who renews at the moment. */
  @Column('timestamptz', { name: 'lease_until', nullable: true, transformer: instantColumn }) leaseUntil!:
    string | null;
  /** When the answer to a renewal was lost: the old token may still be accepted for a while. */
  @Column('timestamptz', { name: 'lost_at', nullable: true, transformer: instantColumn }) lostAt!: string | null;
}

export const authorizationEntities = [AuthorizationRequest, OAuthGrant];

export const authorizationTables = `
  create table authorization_requests (
    state_hash text primary key,
    tenant_id text not null,
    app_id text not null,
    sealed text not null,
    expires_at timestamptz not null
  );
  create index authorization_requests_by_end on authorization_requests (expires_at);
  create table oauth_grants (
    secret_id text primary key,
    tenant_id text not null,
    sealed text not null,
    expires_at timestamptz not null,
    refreshed_at timestamptz not null,
    version int not null default 1,
    lease_until timestamptz,
    lost_at timestamptz
  )`;
