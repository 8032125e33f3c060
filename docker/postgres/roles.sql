-- Run once, by a superuser, in the database of Tenure. Each service has its own user, makes its own schema at start, and owns it.
-- directory-service also makes what all share (keys, secrets, clock, snapshots, the event store) and grants the others at every
-- start what each may have of it; the gateway gets to read only. For a trial on one machine: the passwords are not secrets.
create role directory_service login password 'directory';
create role scim_gateway login password 'gateway';
create role mapping_service login password 'mapping';
create role audit_service login password 'audit';

-- As whom audit-service writes the ledger: it adds and reads rows, and has no right to change or remove one.
create role tenure_ledger_writer nologin;
grant tenure_ledger_writer to audit_service;

do $$ begin
  execute format('grant create on database %I to directory_service, mapping_service, audit_service', current_database());
end $$;
