export { directoryView, DIRECTORY_VIEW } from './view/directory.view.ts';
export { viewPart, type StreamEvents, type ViewPart } from './view/view-part.ts';
export type { ConnectionPolicies, ConnectionPolicy, IssuedToken } from './user/connection-policy.ts';
export { userAggregate } from './user/user.aggregate.ts';
export { usersPart } from './user/user.view.ts';
export { groupAggregate } from './group/group.aggregate.ts';
export { groupsPart } from './group/group.view.ts';
