export { startProvisioning, type Provisioning, type ProvisioningNeeds } from './start-provisioning.ts';
export { dropProvisioning } from './rebuild.ts';
