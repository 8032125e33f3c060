import { z } from 'zod';

const value = z.json();
const target = z.string();
const entitlement = z.object({ kind: z.string(), value: z.string() });
const change = z.object({ target, from: value.optional(), to: value.optional() });

/** What the app answered: the protocol's status, where it has one, and its own words, redacted. */
const call = z.object({
  call: z.string(),
  outcome: z.string(),
  status: z.int().optional(),
  said: z.string().optional(),
  answer: z.string().optional(),
  group: z.string().optional(),
  values: z.record(z.string(), value).optional(),
  changes: z.array(change).optional(),
});

const stepNames = [
  'person',
  'scope',
  'rules',
  'mapping',
  'lookup',
  'comparison',
  'action',
  'memberships',
  'result',
] as const;

/** R63. A step has what it is about besides its words; values are the person's own, and kept nowhere. */
const step = z.object({
  name: z.enum(stepNames),
  outcome: z.enum(['done', 'skipped', 'failed', 'waiting']),
  detail: z.string(),
  /** `mapping`: what is wanted, and where each value comes from. */
  values: z
    .array(
      z.object({
        target,
        value,
        from: z.object({ by: z.string(), source: z.string().optional(), ruleId: z.string().optional() }).optional(),
        on: z.enum(['create', 'always']),
      }),
    )
    .optional(),
  matching: z.array(z.object({ target, value })).optional(),
  entitlements: z.array(entitlement.extend({ owned: z.boolean().optional() })).optional(),
  /** `lookup`: each question that was asked of the app, and whom it found. */
  sought: z
    .array(
      z.object({
        by: z.enum(['link', 'mark', 'key']),
        target: target.optional(),
        value: z.string(),
        outcome: z.string(),
        said: z.string().optional(),
        found: z.array(
          z.object({ remoteId: z.string(), label: z.string(), active: z.boolean().optional(), ours: z.boolean() }),
        ),
      }),
    )
    .optional(),
  /** `comparison`: what the app shows against what is wanted and what was last sent. */
  targets: z
    .array(
      z.object({
        target,
        inApp: value.optional(),
        wanted: value.optional(),
        sent: value.optional(),
        same: z.boolean(),
      }),
    )
    .optional(),
  /** `action`, `memberships`: what was sent. */
  action: z.string().optional(),
  calls: z.array(call).optional(),
  /** `result`: the account, and what the app showed before and after. */
  accountId: z.string().optional(),
  remoteId: z.string().optional(),
  status: z.string().optional(),
  reason: z.object({ code: z.string(), message: z.string() }).optional(),
  changes: z.array(z.object({ target, before: value, after: value })).optional(),
});

export const onDemandReply = z.object({ steps: z.array(step) });
export type OnDemandReply = z.output<typeof onDemandReply>;
export type Step = z.output<typeof step>;
export type StepValue = z.output<typeof value>;
