import {
  AppRolesReplaced,
  TenantCreated,
  TenantReplaced,
  type AppRole,
  type TenantEvent,
  type TenantProfile,
} from '@tenure/contracts';
import { Rejected, type Decider } from '@tenure/eventing';

export type TenantState =
  { status: 'none' } | { status: 'present'; profile: TenantProfile; appRoles: readonly AppRole[] };

export type TenantCommand =
  | { type: 'Create'; profile: TenantProfile }
  | { type: 'Replace'; profile: TenantProfile }
  /** All of them: an id that is left out is gone (R22). */
  | { type: 'ReplaceAppRoles'; appRoles: AppRole[] };

const decide = (command: TenantCommand, state: TenantState): TenantEvent[] => {
  switch (command.type) {
    case 'Create':
      if (state.status !== 'none') throw new Rejected('conflict', 'tenant/exists', 'A tenant with this id exists.');
      return [TenantCreated(withPrimaryDomain(command.profile))];
    case 'Replace': {
      const { profile } = existing(state);
      const wanted = withPrimaryDomain(command.profile);
      return isSame(profile, wanted) ? [] : [TenantReplaced(wanted)];
    }
    case 'ReplaceAppRoles': {
      const { appRoles } = existing(state);
      return isSame(appRoles, command.appRoles) ? [] : [AppRolesReplaced({ appRoles: command.appRoles })];
    }
  }
};

const existing = (state: TenantState) => {
  if (state.status === 'none') throw new Rejected('not-found', 'tenant/not-found', 'There is no such tenant.');
  return state;
};

/** Both are in the order of their schema, so that text tells; a difference too many only costs an event. */
const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** The primary domain is one of the domains, and the first. */
const withPrimaryDomain = (profile: TenantProfile): TenantProfile => ({
  ...profile,
  domains: [...new Set([profile.primaryDomain, ...profile.domains])],
});

const evolve = (state: TenantState, event: TenantEvent): TenantState => {
  const appRoles = state.status === 'present' ? state.appRoles : [];
  switch (event.type) {
    case 'TenantCreated':
    case 'TenantReplaced':
      return { status: 'present', profile: event.data, appRoles };
    case 'AppRolesReplaced':
      return { ...existing(state), appRoles: event.data.appRoles };
  }
};

export const tenantDecider: Decider<TenantState, TenantCommand, TenantEvent> = {
  initial: { status: 'none' },
  decide,
  evolve,
};
