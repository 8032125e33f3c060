import { Logger } from '@nestjs/common';
import type { Database } from '@tenure/database';
import { checkpointsTable, startFollower, type EventStore, type Follower, type Leases } from '@tenure/eventing';
import { CommandClient } from '../command-client.ts';
import type { FactBatch, Transport } from '../transport.ts';
import { commandLog, placesOfThisProcess, type CommandLog } from './command-log.ts';
import { InProcessServer } from './in-process-server.ts';

export type InProcessOptions = {
  store: EventStore;
  /** Holds the checkpoints of the consumers, in `{schema}.checkpoints`. */
  database: Database;
  schema: string;
  leases: Leases;
  /** The fact topics are the store's feed: which categories each one has. */
  factTopics: Readonly<Record<string, { categories: readonly string[] }>>;
};

/** Joins the services of one process: no broker, the same semantics (design, decision 9). */
export const inProcessTransport = ({ store, database, schema, leases, factTopics }: InProcessOptions): Transport => {
  const logger = new Logger('InProcessTransport');
  const logs = new Map<string, CommandLog>();
  const servers = new Set<InProcessServer>();
  const clients = new Set<CommandClient>();
  const nextPlace = placesOfThisProcess();
  let prepared: Promise<void> | undefined;

  const logOf = (topic: string): CommandLog => {
    const log = logs.get(topic) ?? commandLog(nextPlace);
    logs.set(topic, log);
    return log;
  };

  const prepare = () =>
    database.transaction(async (sql) => {
      await sql.query({
        text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))',
        values: [`tenure.transport.${schema}`],
      });
      await sql.query(`create schema if not exists ${schema}`);
      await sql.query(checkpointsTable(schema));
    });

  const nameOf = (consumer: string, topic: string) => `${consumer}/${topic}`;

  const followAs =
    (consumer: string, lingerMs: number) =>
    async (topic: string, consume: (facts: FactBatch) => Promise<void>): Promise<Follower> => {
      const categories = factTopics[topic]?.categories;
      if (!categories)
        throw new Error(
          `${consumer} listens to ${topic}, which is not among the fact topics ${Object.keys(factTopics).join(', ')}.`,
        );
      await (prepared ??= prepare());
      return startFollower({
        name: nameOf(consumer, topic),
        database,
        schema,
        store,
        leases,
        categories,
        lingerMs,
        // The consumer has a transaction of its own, as on Kafka; the checkpoint moves behind it.
        before: consume,
        onFailure: (error) =>
          logger.error({ message: `${consumer} failed on facts of ${topic}; they come again.`, err: error }),
      });
    };

  const followers = () => [...servers].flatMap((server) => [...server.followers.values()]);

  return {
    server: ({ consumer, commandTopic, gatherMs = 25 }) => {
      const log = commandTopic === undefined ? undefined : logOf(commandTopic);
      const server = new InProcessServer({
        consumer,
        log,
        follow: followAs(consumer, gatherMs),
        closed: (which) => void servers.delete(which),
      });
      servers.add(server);
      return server;
    },
    client: ({ commandTopic }) => {
      const client = new CommandClient(logOf(commandTopic));
      clients.add(client);
      return client;
    },
    rewind: async (consumer, topic) => {
      const concerned = [...servers].filter((server) => server.consumer === consumer && server.followers.has(topic));
      const forget = async () => {
        await database.query({
          text: `delete from ${schema}.checkpoints where follower = $1`,
          values: [nameOf(consumer, topic)],
        });
      };
      await concerned.reduceRight((work, server) => () => server.whileNotFollowing(topic, work), forget)();
    },
    consumers: () => followers().map(({ status }) => status()),
    ready: async () => {},
    status: async () => {
      const behind = followers().map(async ({ name, isSettled }) => {
        const [consumer, topic] = name.split('/') as [string, string];
        return { consumer, topic, waiting: (await isSettled()) ? 0 : 1 };
      });
      return {
        ready: true,
        inFlight: [...logs.values()].reduce((sum, { size }) => sum + size, 0),
        lag: await Promise.all(behind),
      };
    },
    close: async () => {
      await Promise.all([...servers].map((server) => server.close()));
      for (const log of logs.values()) log.close();
      for (const client of clients) client.close();
      clients.clear();
    },
  };
};
