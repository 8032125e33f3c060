export { startProvisioning, type Provisioning, type ProvisioningNeeds } from './start-provisioning.ts';
