import { tenantAndConnections } from './1-tenant.mjs';
import { identityProvidersPush } from './2-push.mjs';
import { anAppIsTurnedOn } from './3-app.mjs';
import { adaLeavesAndBobComesBack } from './4-leaving.mjs';
import { theAppFailsForAWhile } from './5-outage.mjs';
import { whatHappenedIsTold } from './6-history.mjs';
import { whatWasChangedByHandIsFound } from './7-drift.mjs';
import { groupsManagersAndAReturn } from './8-groups.mjs';
import { aDirectoryIsFilled } from './9-directory.mjs';
import { viewsAreRebuilt } from './10-rebuild.mjs';

/** The story. A chapter is given the world so far, and answers what it adds to it. */
export const chapters = [
  { title: 'A tenant, its super admin, and two identity providers', play: tenantAndConnections },
  { title: 'Entra and Okta push forty people', play: identityProvidersPush },
  { title: 'An application is set up and turned on: accounts appear in it', play: anAppIsTurnedOn },
  { title: 'Ada changes department, then leaves; Bob leaves and comes back', play: adaLeavesAndBobComesBack },
  { title: 'The application fails for a while', play: theAppFailsForAWhile },
  { title: 'What happened to Ada, and why', play: whatHappenedIsTold },
  { title: 'What was changed in the application by hand is found', play: whatWasChangedByHandIsFound },
  { title: 'Managers, a pushed group, and Hugo, who is made anew', play: groupsManagersAndAReturn },
  { title: 'A directory is filled: another kind of application', play: aDirectoryIsFilled },
  { title: 'All views are dropped and rebuilt from the streams', play: viewsAreRebuilt },
];
