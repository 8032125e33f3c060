export { PROVISIONING_VIEW, provisioningView } from './provisioning.view.ts';
