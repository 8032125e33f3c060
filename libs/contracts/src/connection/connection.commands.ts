import { z } from 'zod';
import { defineCommand } from '../define-command.ts';
import { ifMatch } from '../user/user.commands.ts';
import { connectionSettings, profileName, settingsBody } from './connection.settings.ts';

const newConnection = {
  name: z.string().trim().min(1).max(200),
  identityProviderId: z.string().min(1).max(200),
  profile: profileName,
};

export const connectionBody = z.strictObject({ ...newConnection, settings: settingsBody.optional() });
/** May be absent altogether: then Tenure makes the token (R3). */
export const tokenBody = z.strictObject({ secret: z.string().max(1000).optional() }).prefault({});

/** Never the token; the edge adds `scimUrl`. */
export const connectionState = z.object({
  id: z.string(),
  ...newConnection,
  settings: connectionSettings,
  enabled: z.boolean(),
  token: z.object({ issuerId: z.string(), issuedAt: z.string(), hint: z.string() }).optional(),
  version: z.int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type ConnectionState = z.output<typeof connectionState>;

export const connectionReply = connectionState.extend({ scimUrl: z.string() });
export const tokenReply = z.object({ token: z.string(), scimUrl: z.string() });

/** The command's key is the new connection's id. */
export const CreateConnection = defineCommand('connection.create', {
  payload: z.object({ ...newConnection, settings: settingsBody }),
  reply: connectionState,
});
/** Replaces all: what is absent has the profile's default again. */
export const ReplaceConnectionSettings = defineCommand('connection.replace-settings', {
  payload: z.object({ settings: settingsBody, ifMatch }),
  reply: connectionState,
});
export const EnableConnection = defineCommand('connection.enable', {
  payload: z.object({ ifMatch }),
  reply: connectionState,
});
export const DisableConnection = defineCommand('connection.disable', {
  payload: z.object({ ifMatch }),
  reply: connectionState,
});

/** Who sends it makes the token where the admin chose none, and shows it: no reply carries it. */
export const IssueToken = defineCommand('token.issue', {
  payload: z.object({ token: z.string(), chosen: z.boolean(), ifMatch }),
  reply: connectionState,
});
export const DeleteToken = defineCommand('token.delete', {
  payload: z.object({ confirm: z.boolean(), ifMatch }),
  reply: connectionState,
});
