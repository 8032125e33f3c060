import { startStandIn } from '@tenure/event-store-db/testing';

/** Runs the stand-in for EventStoreDB until its parent is gone or ends it. Tells the parent where it is. */
const { connectionString } = await startStandIn();
process.once('disconnect', () => process.exit(0));
process.send(connectionString);
