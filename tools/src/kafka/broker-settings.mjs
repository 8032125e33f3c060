const bytes16MiB = 16 * 1024 * 1024;

/** What Tenure needs of a broker (design 9), and one node that starts and rebalances fast. */
export const brokerSettings = {
  'message.max.bytes': bytes16MiB,
  'replica.fetch.max.bytes': bytes16MiB,
  'auto.create.topics.enable': false,
  'group.initial.rebalance.delay.ms': 0,
  // A broker that was killed is let in again only when its session is over: 3 s instead of 9.
  'broker.session.timeout.ms': 3000,
  'broker.heartbeat.interval.ms': 500,
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 4,
};
