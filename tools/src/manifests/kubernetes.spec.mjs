import { createRequire } from 'node:module';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { readKustomization } from './read.mjs';
import { services, settings } from './settings.mjs';
import { typeErrors } from './strict-types.mjs';

const require = createRequire(import.meta.url);
const schemaErrors = (object) => {
  const { [object.kind]: Model } = require(`kubernetes-models/${object.apiVersion}`);
  try {
    new Model(object).validate();
    return [];
  } catch (error) {
    return [`${object.kind} ${object.metadata.name}: ${error.message}`];
  }
};

/** Secrets are made outside, with these keys (k8s/base/kustomization.yaml says so). */
const secrets = {
  'tenure-databases': services,
  'tenure-event-store': ['url'],
  'tenure-keys': ['secrets', 'root', 'log'],
  'tenure-sign-in': ['issuer', 'client-id', 'client-secret', 'roles-claim', 'roles'],
};

describe('k8s/base', () => {
  let objects;
  const of = (kind) => objects.filter((object) => object.kind === kind);
  const named = (kind, name) => of(kind).find((object) => object.metadata.name === name);
  const container = (name) => named('Deployment', name).spec.template.spec.containers[0];
  beforeAll(async () => {
    objects = await readKustomization('k8s/base/kustomization.yaml');
  });

  it('is valid by the schemas of Kubernetes', () => {
    expect(objects.flatMap(schemaErrors)).toEqual([]);
  });

  it('has no field that Kubernetes does not know', async () => {
    expect(await typeErrors(objects)).toBe('');
  }, 60_000);

  it('would be refused with a misspelt field', async () => {
    const [deployment] = structuredClone(of('Deployment'));
    deployment.spec.template.spec.containers[0].livnessProbe = {};
    expect(await typeErrors([deployment])).toContain('livnessProbe');
  }, 60_000);

  it('has a Deployment, a Service and a PodDisruptionBudget for each of the four services', () => {
    for (const kind of ['Deployment', 'Service', 'PodDisruptionBudget']) {
      expect(
        of(kind)
          .map(({ metadata }) => metadata.name)
          .sort(),
      ).toEqual([...services].sort());
    }
  });

  it.each(services)('selects the pods of %s by labels that they have', (name) => {
    const labels = named('Deployment', name).spec.template.metadata.labels;
    for (const selector of [
      named('Deployment', name).spec.selector.matchLabels,
      named('Service', name).spec.selector,
      named('PodDisruptionBudget', name).spec.selector.matchLabels,
    ]) {
      expect(selector).toEqual({ 'app.kubernetes.io/name': name });
      expect(labels).toMatchObject(selector);
    }
  });

  it.each(services)('refers from %s only to ports, ConfigMaps, Secrets and settings that exist', (name) => {
    const { ports, envFrom, env, livenessProbe, readinessProbe } = container(name);
    const portNames = ports.map((port) => port.name);
    expect(portNames).toContain(named('Service', name).spec.ports[0].targetPort);
    for (const [probe, path] of [
      [livenessProbe, '/health/live'],
      [readinessProbe, '/health/ready'],
    ]) {
      expect(probe.httpGet).toEqual({ path, port: 'http' });
    }
    for (const { configMapRef } of envFrom) expect(named('ConfigMap', configMapRef.name)).toBeDefined();
    for (const { name: variable, valueFrom } of env) {
      expect(settings).toContain(variable);
      expect(secrets[valueFrom.secretKeyRef.name]).toContain(valueFrom.secretKeyRef.key);
    }
  });

  it('sets only what a service reads, and listens where the container says', () => {
    const { data } = named('ConfigMap', 'tenure');
    expect(Object.keys(data).filter((key) => !settings.has(key))).toEqual([]);
    for (const name of services) expect(String(container(name).ports[0].containerPort)).toBe(data.TENURE_PORT);
  });

  it('routes by the first path segment to the owning service', () => {
    const routes = of('Ingress').flatMap(({ spec }) =>
      spec.rules.flatMap(({ http }) => http.paths.map(({ path, backend }) => [path, backend.service.name])),
    );
    expect(Object.fromEntries(routes)).toEqual({
      '/scim': 'scim-gateway',
      '/directory': 'directory-service',
      '/clock': 'directory-service',
      '/auth': 'directory-service',
      '/mapping': 'mapping-service',
      '/audit': 'audit-service',
    });
    for (const { spec } of of('Ingress')) {
      for (const { backend } of spec.rules.flatMap(({ http }) => http.paths)) {
        expect(named('Service', backend.service.name).spec.ports.map((port) => port.name)).toContain(
          backend.service.port.name,
        );
      }
    }
  });

  it('runs every service as an ordinary user that can write nothing but /tmp', () => {
    for (const name of services) {
      expect(named('Deployment', name).spec.template.spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
      });
      expect(container(name).securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });
});
