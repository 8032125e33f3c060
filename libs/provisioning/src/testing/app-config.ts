import { noPushes, reportAll, type AppConfig } from '../app/app-config.ts';
import { presets } from '../presets/index.ts';

export const T = 'acme';

/** An app of the preset scim that is on and for everyone. */
export const appConfig = (parts: Partial<AppConfig> = {}): AppConfig =>
  withFrames({
    id: 'git',
    tenantId: T,
    name: 'Git',
    preset: 'scim',
    state: 'on',
    sso: { configured: true },
    credentials: null,
    test: { outcome: 'passed' },
    endpoint: { url: 'https://git.example/scim' },
    attributes: presets.scim.attributes,
    scope: { assignment: 'everyone', groups: [], orgUnits: [] },
    assignments: [],
    scopeSince: '2026-01-05T08:00:00.000Z',
    deprovisioning: {
      turnedOff: { suspend: 'P1D', hardDelete: null },
      suspended: { suspend: 'P1D', hardDelete: 'P7D' },
      deleted: { suspend: null, hardDelete: 'PT0S' },
    },
    approvals: [],
    threshold: {},
    thresholdReleasedAt: null,
    ruleSets: [{ version: 0, rules: [] }],
    entitlements: { configuredBy: 'admin' },
    ownership: { unseenMemberships: 'leave', rehire: { keys: ['userName', 'externalId'], mode: 'automatic' } },
    connection: { kind: 'scim', mode: 'auto' },
    reconciliation: reportAll,
    pushes: noPushes,
    turnedOnAt: null,
    ...parts,
  });

/** Unless said otherwise the time frames have always been what they are. */
function withFrames(app: Omit<AppConfig, 'frames'> & Partial<Pick<AppConfig, 'frames'>>): AppConfig {
  return { frames: [{ version: 0, since: null, frames: app.deprovisioning }], ...app };
}
