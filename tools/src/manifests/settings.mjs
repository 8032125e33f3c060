/** The environment variables that a service reads (the outside contract). A name that is not here would be ignored in silence. */
export const settings = new Set([
  'TENURE_PORT',
  'TENURE_PUBLIC_URL',
  'TENURE_TRUSTED_PROXIES',
  'TENURE_DATA_DIR',
  'TENURE_ROOT_KEY',
  'TENURE_SECRETS_KEY',
  'TENURE_CLOCK',
  'TENURE_ALLOW_PRIVATE_TARGETS',
  'TENURE_OIDC_ISSUER',
  'TENURE_OIDC_CLIENT_ID',
  'TENURE_OIDC_CLIENT_SECRET',
  'TENURE_OIDC_SCOPES',
  'TENURE_OIDC_ROLES_CLAIM',
  'TENURE_OIDC_ROLES',
  'DATABASE_URL',
  'EVENT_STORE',
  'EVENTSTOREDB_URL',
  'TRANSPORT',
  'KAFKA_BROKERS',
  'LOG_LEVEL',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'SANDBOX_PORT',
  'SANDBOX_TOKEN',
]);

export const services = ['scim-gateway', 'directory-service', 'mapping-service', 'audit-service'];
