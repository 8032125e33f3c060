import { describe, it } from '@jest/globals';
import { transportContract } from '@tenure/messaging/testing';
import { hasBrokerControl, hasKafka, ownBroker } from './testing/brokers.ts';
import { openKafkaWorld } from './testing/kafka-world.ts';

if (hasKafka())
  transportContract('over Kafka', async () => openKafkaWorld(await ownBroker()), { withBroker: hasBrokerControl() });
else describe('the transport over Kafka', () => it.skip('keeps the contract (needs Kafka)', () => {}));
