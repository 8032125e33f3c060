-- For a trial on one machine: each service has its own user and owns its own schema. The passwords are not secrets.
-- The gateway only reads: the directory's views and token hashes, and the keys with which people's data are opened.
create role directory_service login password 'directory';
create role scim_gateway login password 'gateway';
create role mapping_service login password 'mapping';
create role audit_service login password 'audit';

create schema directory authorization directory_service;
create schema keys authorization directory_service;
create schema mapping authorization mapping_service;
create schema audit authorization audit_service;

grant usage on schema directory to scim_gateway;
grant usage on schema keys to scim_gateway, mapping_service, audit_service;
alter default privileges for role directory_service in schema directory grant select on tables to scim_gateway;
alter default privileges for role directory_service in schema keys grant select on tables to scim_gateway, mapping_service, audit_service;

alter role directory_service set search_path = directory;
alter role scim_gateway set search_path = directory;
alter role mapping_service set search_path = mapping;
alter role audit_service set search_path = audit;
