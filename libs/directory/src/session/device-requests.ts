import { randomBytes, randomInt } from 'node:crypto';
import type { AdminRole } from '@tenure/contracts';
import type { Database } from '@tenure/database';
import { Rejected } from '@tenure/eventing';
import type { TokenHashing } from '@tenure/sealing';
import { DeviceRequest } from './session.entities.ts';

const LIFE_S = 600;
const INTERVAL_S = 5;
/** RFC 8628 §6.1: no vowels, so no words; 20^8 codes. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';

/** The admin whom a command line may act for, with the rights that they had when they approved it. */
export type Approver = { tenantId: string; adminId: string; role: AdminRole; consumerMail: boolean };

export type DeviceAnswer =
  | { kind: 'approved'; approver: Approver; clientName: string }
  | { kind: 'authorization_pending' | 'slow_down' | 'access_denied' | 'expired_token' | 'invalid_grant' };

type Row = {
  state: DeviceRequest['state'];
  approver: Approver | null;
  client_name: string;
  is_early: boolean;
  is_over: boolean;
};

const userCode = () => {
  const letters = Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
};

/** As people type it: with or without the hyphen, in any case. */
const plain = (code: string) => code.toUpperCase().replaceAll(/[^A-Z]/g, '');

const unknown = () =>
  new Rejected('not-found', 'device/unknown', 'This code is unknown, was used already or is older than ten minutes.');

/** Command lines that ask to be signed in by a browser (RFC 8628). */
export const deviceRequests = (database: Database, { tokenHmac }: Pick<TokenHashing, 'tokenHmac'>) => {
  const rows = database.repository(DeviceRequest);
  const hmacOf = (code: string) => tokenHmac(`device ${plain(code)}`);

  return {
    begin: async (clientName: string) => {
      const [deviceCode, code] = [randomBytes(32).toString('base64url'), userCode()];
      await rows.insert({
        deviceHmac: tokenHmac(deviceCode),
        userHmac: hmacOf(code),
        clientName,
        state: 'pending',
        intervalS: INTERVAL_S,
        askedAt: null,
        expiresAt: new Date(Date.now() + LIFE_S * 1000).toISOString(),
      });
      return { deviceCode, userCode: code, expiresIn: LIFE_S, interval: INTERVAL_S };
    },

    /** What asks for approval by this code. Throws `Rejected` `device/unknown`. */
    asking: async (code: string): Promise<{ clientName: string }> => {
      const row = await rows.findOneBy({ userHmac: hmacOf(code), state: 'pending' });
      if (!row || Date.parse(row.expiresAt) <= Date.now()) throw unknown();
      return { clientName: row.clientName };
    },

    /** Says yes, with who says so, or no. Throws `Rejected` `device/unknown`. */
    decide: async (code: string, approver: Approver | undefined): Promise<void> => {
      const decided = await database.query({
        text: `update sign_in.device_requests set state = $2, approver = $3 where user_hmac = $1 and state = 'pending' and expires_at > now() returning 1`,
        values: [hmacOf(code), approver ? 'approved' : 'denied', approver ? JSON.stringify(approver) : null],
      });
      if (decided.length === 0) throw unknown();
    },

    /** What the command line is told that asks again (RFC 8628 §3.5). What is approved is told once. */
    poll: async (deviceCode: string): Promise<DeviceAnswer> => {
      const deviceHmac = tokenHmac(deviceCode);
      const [row] = await database.query<Row>({
        text: `with before as (select * from sign_in.device_requests where device_hmac = $1 for update)
               update sign_in.device_requests r set asked_at = now(),
                 interval_s = case when before.asked_at > now() - before.interval_s * interval '1 s' then r.interval_s + ${INTERVAL_S} else r.interval_s end
               from before where r.device_hmac = before.device_hmac
               returning r.state, r.approver, r.client_name, r.expires_at <= now() as is_over,
                 coalesce(before.asked_at > now() - before.interval_s * interval '1 s', false) as is_early`,
        values: [deviceHmac],
      });
      if (!row) return { kind: 'invalid_grant' };
      if (row.is_over) return { kind: 'expired_token' };
      if (row.state === 'denied') return { kind: 'access_denied' };
      if (row.is_early) return { kind: 'slow_down' };
      if (row.state === 'pending') return { kind: 'authorization_pending' };
      const { affected } = await rows.delete({ deviceHmac, state: 'approved' });
      return affected === 1
        ? { kind: 'approved', approver: row.approver!, clientName: row.client_name }
        : { kind: 'invalid_grant' };
    },
  };
};

export type DeviceRequests = ReturnType<typeof deviceRequests>;
