export { kafkaTransport, type KafkaTransport, type KafkaTransportOptions } from './kafka-transport.ts';
