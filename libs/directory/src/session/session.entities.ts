import { instantColumn, type Migration } from '@tenure/database';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The schema of everything around signing in, which every service reads. */
export const SIGN_IN = 'sign_in';

/** A browser that is signed in (R110). Which rights it has is looked up at every request, so that what ends holds at once. */
@Entity({ schema: SIGN_IN, name: 'sessions' })
export class Session {
  @PrimaryColumn('uuid') id!: string;
  /** Of the cookie's 256 random bits: who reads the table can't use it. */
  @Column('text') hmac!: string;
  /** Null for the root key's. */
  @Column('text', { name: 'tenant_id', nullable: true }) tenantId!: string | null;
  @Column('text', { name: 'admin_id', nullable: true }) adminId!: string | null;
  @Column('text', { name: 'key_id', nullable: true }) keyId!: string | null;
  /** As the provider told it, or `root`; null where the admin's or the key's counts. */
  @Column('text', { nullable: true }) role!: string | null;
  @Column('boolean', { name: 'consumer_mail' }) consumerMail!: boolean;
  @Column('text') method!: string;
  /** What the provider knows it as, for back-channel logout. The subject of the root key's tells which root key. */
  @Column('text', { nullable: true }) issuer!: string | null;
  @Column('text', { nullable: true }) subject!: string | null;
  @Column('text', { name: 'provider_session', nullable: true }) providerSession!: string | null;
  /** Sealed: sent to the provider at sign-out. */
  @Column('text', { name: 'id_token', nullable: true }) idToken!: string | null;
  @Column('timestamptz', { name: 'created_at', transformer: instantColumn }) createdAt!: string;
  @Column('timestamptz', { name: 'expires_at', transformer: instantColumn }) expiresAt!: string;
  @Column('timestamptz', { name: 'used_at', transformer: instantColumn }) usedAt!: string;
}

/** What the provider called an admin when they last signed in; of who is a directory user, only when. */
@Entity({ schema: SIGN_IN, name: 'identities' })
export class Identity {
  @PrimaryColumn('text', { name: 'tenant_id' }) tenantId!: string;
  @PrimaryColumn('text', { name: 'admin_id' }) adminId!: string;
  @Column('text', { nullable: true }) name!: string | null;
  @Column('text', { nullable: true }) email!: string | null;
  @Column('timestamptz', { name: 'last_sign_in_at', transformer: instantColumn }) lastSignInAt!: string;
}

/** A link that signs in once: as an admin, or with the rights of the root key. */
@Entity({ schema: SIGN_IN, name: 'links' })
export class SignInLink {
  @PrimaryColumn('text') hmac!: string;
  @Column('text', { name: 'tenant_id', nullable: true }) tenantId!: string | null;
  @Column('text', { name: 'admin_id', nullable: true }) adminId!: string | null;
  @Column('timestamptz', { name: 'expires_at', transformer: instantColumn }) expiresAt!: string;
}

/** A command line that asks to be signed in (RFC 8628). */
@Entity({ schema: SIGN_IN, name: 'device_requests' })
export class DeviceRequest {
  @PrimaryColumn('text', { name: 'device_hmac' }) deviceHmac!: string;
  @Column('text', { name: 'user_hmac' }) userHmac!: string;
  @Column('text', { name: 'client_name' }) clientName!: string;
  @Column('text') state!: 'pending' | 'approved' | 'denied';
  /** Who approved it, as JSON of an `Approver`. */
  @Column('jsonb', { nullable: true }) approver!: unknown;
  @Column('int', { name: 'interval_s' }) intervalS!: number;
  @Column('timestamptz', { name: 'asked_at', nullable: true, transformer: instantColumn }) askedAt!: string | null;
  @Column('timestamptz', { name: 'expires_at', transformer: instantColumn }) expiresAt!: string;
}

/** Logout tokens and authorization responses that were used: none is taken twice. */
@Entity({ schema: SIGN_IN, name: 'used_tokens' })
export class UsedToken {
  @PrimaryColumn('text') id!: string;
  @Column('timestamptz', { name: 'expires_at', transformer: instantColumn }) expiresAt!: string;
}

export const signInEntities: (new () => object)[] = [Session, Identity, SignInLink, DeviceRequest, UsedToken];

export const signInMigrations: readonly Migration[] = [
  {
    name: 'CreateSignIn1767225600000',
    up: `
      create table sessions (
        id uuid primary key,
        hmac text not null unique,
        tenant_id text,
        admin_id text,
        key_id text,
        role text,
        consumer_mail boolean not null,
        method text not null,
        issuer text,
        subject text,
        provider_session text,
        id_token text,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        used_at timestamptz not null
      );
      create index sessions_by_end on sessions (expires_at);
      create index sessions_by_admin on sessions (tenant_id, admin_id);
      create index sessions_by_subject on sessions (issuer, subject) where issuer is not null;
      create index sessions_by_provider_session on sessions (issuer, provider_session) where provider_session is not null;
      create table identities (
        tenant_id text not null,
        admin_id text not null,
        name text,
        email text,
        last_sign_in_at timestamptz not null,
        primary key (tenant_id, admin_id)
      );
      create table links (hmac text primary key, tenant_id text, admin_id text, expires_at timestamptz not null);
      create table device_requests (
        device_hmac text primary key,
        user_hmac text not null unique,
        client_name text not null,
        state text not null,
        approver jsonb,
        interval_s int not null,
        asked_at timestamptz,
        expires_at timestamptz not null
      );
      create table used_tokens (id text primary key, expires_at timestamptz not null);
      create table key_uses (secret_id uuid primary key, last_used_at timestamptz not null);
      create unlogged table tries (address text primary key, since timestamptz not null, count int not null)`,
  },
];
