/** The environment variables that a service reads (the outside contract). A name that is not here would be ignored in silence. */
export const settings = new Set([
  'TENURE_PORT',
  'TENURE_PUBLIC_URL',
  'TENURE_DATA_DIR',
  'TENURE_ROOT_KEY',
  'TENURE_SECRETS_KEY',
  'TENURE_CLOCK',
  'TENURE_ALLOW_PRIVATE_TARGETS',
  'DATABASE_URL',
  'EVENT_STORE',
  'EVENTSTOREDB_URL',
  'EVENTSTOREDB_PREFIX',
  'TRANSPORT',
  'KAFKA_BROKERS',
  'LOG_LEVEL',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'SANDBOX_PORT',
  'SANDBOX_TOKEN',
]);

export const services = ['scim-gateway', 'directory-service', 'mapping-service', 'audit-service'];
