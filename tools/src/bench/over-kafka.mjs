import { existingOrStartedKafka } from '../kafka/kafka.mjs';
import { postgresVersion } from './machine.mjs';
import { limitPeople, peopleOf } from './people.mjs';
import { startHttpLimit } from './limits/http-limit.mjs';
import { startKafkaLimit } from './limits/kafka-limit.mjs';
import { timeToAccount } from './measures/delivery.mjs';
import { followerLags } from './measures/lag.mjs';
import { usersOverKafka } from './measures/users.mjs';
import { startDistributed } from './system/distributed.mjs';
import { startSandbox, turnAppOn } from './system/sandbox.mjs';
import { makeTenant } from './system/tenancy.mjs';

/** What is measured of the four services over a real broker. */
export const kafkaMeasures = {
  users: usersOverKafka,
  app: async ({ load, system, size, keep }, add) => {
    const sandbox = await keep(startSandbox(system));
    const tenant = await makeTenant(system, 'With an app');
    await turnAppOn(tenant, sandbox);
    await timeToAccount({ load, tenant, sandbox, size }, add);
  },
  lag: followerLags,
};

export const openOverKafka = async ({ root, load, size, keep, say }) => {
  const kafka = await existingOrStartedKafka({ say });
  await keep({ stop: kafka.close });
  say('starting the four services …');
  const system = await keep(startDistributed(root, kafka.brokers));
  const context = {
    system,
    load,
    size,
    keep,
    versions: { postgres: await postgresVersion(system.databaseUrl()), kafkajs: '2.2.4' },
  };
  const populate = async () => {
    const tenant = await makeTenant(system, 'Bench');
    const people = peopleOf(load, tenant);
    const limit = limitPeople(load, await keep(startHttpLimit(system.databaseUrl())));
    const kafkaLimit = await keep(startKafkaLimit(kafka.brokers));
    say(`creating ${size.population} people …`);
    await people.populate(size.population);
    await limit.populate(size.population);
    return { ...context, tenant, people, limit, kafkaLimit };
  };
  return { context, populate, startsEmpty: [] };
};
