/** Who may import whom (design, Layout). A layer's own name among its targets means: others of that layer. */
export const layers = {
  app: {
    mayImport: ['platform', 'adapter', 'domain', 'core', 'contracts', 'protocol'],
    because: 'an app composes libraries; apps meet over HTTP and Kafka',
  },
  platform: {
    mayImport: ['adapter', 'core', 'contracts', 'protocol'],
    because: 'the platform is Nest glue that every app shares; it knows no domain',
  },
  adapter: {
    mayImport: ['core', 'contracts', 'protocol', 'domain'],
    because: 'an adapter implements the port of a core or a domain; adapters do not know each other',
  },
  domain: {
    mayImport: ['core', 'contracts', 'protocol'],
    because: 'domains meet only through messages (design 13), and choose no adapter',
  },
  protocol: { mayImport: [], because: 'the protocol stands alone' },
  contracts: {
    mayImport: ['core'],
    because: 'contracts are read by every service: they know only how an event and a command are defined (ADR 0006)',
  },
  core: { mayImport: ['core'], because: 'the core is below everything else' },
};

/** The one app that is made of others: every service in one process. */
const composed = {
  '@tenure/standalone': [
    '@tenure/scim-gateway',
    '@tenure/directory-service',
    '@tenure/mapping-service',
    '@tenure/audit-service',
  ],
};

/** What its tests import beside: an application to provision into. */
const inTests = { '@tenure/standalone': ['@tenure/sandbox-app'] };

/** Why `from` must not import `to`, as a sentence; undefined when it may. Both are `{name, layer}`. */
export const refusal = (from, to, { inTest = false } = {}) => {
  if (from.name === to.name) return undefined;
  const { mayImport, because } = layers[from.layer];
  if (mayImport.includes(to.layer) || composed[from.name]?.includes(to.name)) return undefined;
  if (inTest && inTests[from.name]?.includes(to.name)) return undefined;
  return `${from.name} (${from.layer}) must not import ${to.name} (${to.layer}): ${because}.`;
};
