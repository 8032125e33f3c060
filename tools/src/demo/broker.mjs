import { Kafka, logLevel } from 'kafkajs';
import { existingOrStartedKafka } from '../kafka/kafka.mjs';
import { CannotStart } from './program.mjs';

const ours = /^(directory|provisioning)\./;

/**
 * A broker for the demo. One that `KAFKA_BROKERS` names is somebody else's: facts that another Tenure left there would be taken
 * for this one's, so there must be none, and what the demo made there is deleted afterwards.
 */
export const openBroker = async ({ say }) => {
  const kafka = await existingOrStartedKafka({ say });
  if (!process.env.KAFKA_BROKERS) return kafka;

  const client = new Kafka({ brokers: kafka.brokers.split(','), logLevel: logLevel.NOTHING });
  const withAdmin = async (work) => {
    const admin = client.admin();
    await admin.connect();
    return work(admin).finally(() => admin.disconnect());
  };
  const what = (admin) =>
    Promise.all([admin.listTopics(), admin.listGroups().then(({ groups }) => groups.map(({ groupId }) => groupId))]);

  const [topicsBefore, groupsBefore] = await withAdmin(what);
  const foreign = topicsBefore.filter((topic) => ours.test(topic));
  if (foreign.length > 0)
    throw new CannotStart(
      `The broker of KAFKA_BROKERS (${kafka.brokers}) holds topics of another Tenure: ${foreign.join(', ')}. Name another broker, or none: then the demo starts its own.`,
    );
  return {
    brokers: kafka.brokers,
    close: () =>
      withAdmin(async (admin) => {
        const [topics, groups] = await what(admin);
        const made = topics.filter((topic) => ours.test(topic) && !topicsBefore.includes(topic));
        if (made.length > 0) await admin.deleteTopics({ topics: made });
        const joined = groups.filter((group) => !groupsBefore.includes(group));
        if (joined.length > 0) await admin.deleteGroups(joined);
      }),
  };
};
