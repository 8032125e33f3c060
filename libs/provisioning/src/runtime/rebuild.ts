import type { Database } from '@tenure/database';
import { dropView, type Sealer } from '@tenure/eventing';
import { appsPart } from '../app/app.view.ts';
import { forgetPeople, peopleConsumer } from '../people/people.consumer.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { accountsPart } from '../account/account.view.ts';
import { pushParts } from '../push/push-marks.part.ts';
import { provisioningView } from '../view/provisioning.view.ts';

/** Drops what is built from events and facts, while the service is stopped: its next start builds all of it again. The caller rewinds the transport. */
export const dropProvisioning = async ({
  database,
  sealer,
}: {
  database: Database;
  sealer: Sealer;
}): Promise<{ dropped: string[] }> => {
  const view = provisioningView([appsPart, accountsPart, ...pushParts]);
  await dropView(database, PROVISIONING, view);
  const people = peopleConsumer({ database, sealer });
  try {
    await forgetPeople(database, people);
  } finally {
    await people.stop();
  }
  return { dropped: [view.name, `${PROVISIONING}.people`] };
};
