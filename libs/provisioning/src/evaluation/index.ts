export { onDemandReply, provisionOnDemand, type OnDemandNeeds, type OnDemandReply } from './provision-on-demand.ts';
export { markOf } from './evaluate-person.ts';
