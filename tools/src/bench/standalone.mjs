import { postgresVersion } from './machine.mjs';
import { limitPeople, peopleOf } from './people.mjs';
import { startHttpLimit } from './limits/http-limit.mjs';
import { timeToAccount, writesWithApp } from './measures/delivery.mjs';
import { groupPatches } from './measures/groups.mjs';
import { followerLags } from './measures/lag.mjs';
import { largeDirectory } from './measures/large-directory.mjs';
import { idleMemory, memoryAfterwards } from './measures/memory.mjs';
import { rebuild } from './measures/rebuild.mjs';
import { usersStandalone } from './measures/users.mjs';
import { startSandbox, turnAppOn } from './system/sandbox.mjs';
import { startStandalone } from './system/standalone.mjs';
import { makeTenant } from './system/tenancy.mjs';

/** What is measured of `npm start`, in this order: idle first, the large groups late, the rebuild of all that came together last. */
export const standaloneMeasures = {
  memory: idleMemory,
  users: usersStandalone,
  app: async (context, add) => {
    const { load, system, size, keep, people } = context;
    const sandbox = await keep(startSandbox(system));
    const tenant = await makeTenant(system, 'With an app');
    await turnAppOn(tenant, sandbox);
    const withApp = peopleOf(load, tenant);
    await timeToAccount({ load, tenant, sandbox, size }, add);
    await writesWithApp({ plain: people, withApp, sandbox, size }, add);
  },
  lag: followerLags,
  groups: groupPatches,
  'large directory': largeDirectory,
  rebuild,
  'memory afterwards': memoryAfterwards,
};

const AT_ONCE = 10_000;

/** More people where there are too few, and says how far it is: it takes minutes. */
const populateAtLeast = (people, size, say) => async (wanted) => {
  const until = performance.now() + size.populateMs;
  while (people.known.length < wanted && performance.now() < until) {
    await people.populate(Math.min(AT_ONCE, wanted - people.known.length), until - performance.now());
    say(`${people.known.length} of ${wanted} people …`);
  }
};

/** Starts the system, a tenant with people in it, and the limit on the same PostgreSQL. `keep` remembers what is to be stopped. */
export const openStandalone = async ({ root, load, size, keep, say }) => {
  say('starting the standalone system on a fresh data folder …');
  const system = await keep(startStandalone(root));
  const context = { system, load, size, keep, versions: { postgres: await postgresVersion(system.databaseUrl()) } };
  /** Not before the idle memory was measured. */
  const populate = async () => {
    const tenant = await makeTenant(system, 'Bench');
    const people = peopleOf(load, tenant);
    const limit = limitPeople(load, await keep(startHttpLimit(system.databaseUrl())));
    say(`creating ${size.population} people …`);
    await people.populate(size.population);
    await limit.populate(size.population);
    return { ...context, tenant, people, limit, populateAtLeast: populateAtLeast(people, size, say) };
  };
  return { context, populate, startsEmpty: ['memory'] };
};
