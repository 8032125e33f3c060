import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from './world.ts';

type Ids = Record<string, string>;

/** A tenant with one of everything; the person's name is the sandbox's only one. */
export const furnished = async (world: World, name: string) => {
  const office = await world.office();
  const ada = await office.idp.hire(name);
  const group = await office.idp.group('Staff', ada);
  await office.app.assign('users', ada);
  await office.app.turnOn();
  await world.settled();
  const account = await office.app.accountOf(ada);
  const job = await office.mapping.ok('POST', `${office.app.path}/initial-cycle`);
  await world.settled();
  await office.mapping.ok('PUT', `${office.app.path}/pushes`, { groups: [{ id: group, mode: 'merge' }] });
  await world.settled();
  const [push] = (await office.mapping.ok('GET', `${office.app.path}/pushes`)).items;
  const key = await office.directory.ok('POST', '/keys', { name: `Key of ${name}`, role: 'auditor' });
  const urn = 'urn:example:wall:2.0:Brick';
  await office.directory.ok('PUT', `/schemas/${urn}`, { name: 'Brick', attributes: [{ name: 'label' }] });
  await office.directory.ok('PUT', `/resource-types/${name}`, { endpoint: `/${name}`, schema: urn });
  const brick = await office.directory.ok('POST', `/resources/${name}`, { resource: { schemas: [urn], label: name } });
  const webhook = await office.audit.ok('POST', '/webhooks', {
    url: 'https://hooks.example.com/',
    events: ['*'],
    enabled: false,
  });
  const auditExport = await office.audit.ok('POST', '/export', {});
  for (let state = ''; state !== 'done'; await sleep(100))
    ({ state } = await office.audit.ok('GET', `/jobs/${auditExport.id}`));
  const ids: Ids = {
    exports: auditExport.id,
    // Of a log: its first tile with one hash.
    rest: '0/000.p/1',
    webhooks: webhook.id,
    urn,
    name,
    type: name,
    resources: brick.id,
    tenantId: office.id,
    appId: office.app.id,
    users: ada,
    groups: group,
    admins: office.superAdmin.id,
    connections: office.idp.id,
    accounts: account.id,
    jobs: job.id,
    pushes: push.id,
    keys: key.id,
    assignments: ada,
  };
  return { ...office, ids, ada, group, account };
};

/** Ids of things that are there, by what a route's path calls them; `{id}` is what its collection holds. */
export const idsFor = (path: string, ids: Ids): Ids => {
  const collection = /\/(\w[\w-]*)(?:\/\{type\})?\/\{id\}/.exec(path)?.[1];
  // The audit's only jobs are exports.
  const named = path.startsWith('/audit/') && collection === 'jobs' ? 'exports' : collection;
  return { ...ids, ...(named !== undefined && { id: ids[named] ?? 'nobody' }), kind: 'users' };
};
