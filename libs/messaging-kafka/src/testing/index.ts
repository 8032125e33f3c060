export { hasBrokerControl, hasKafka, ownBroker, sharedBroker, type TestBroker } from './brokers.ts';
export { readTopics, type Recorded } from './read-topics.ts';
export { runsTypescript } from './runs-typescript.ts';
