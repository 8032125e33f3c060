import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export type Metrics = ReturnType<typeof openMetrics>;

/** Prometheus metrics of one process. Labels hold routes, names and statuses, never ids of people. */
export const openMetrics = (service: string) => {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    requestSeconds: new Histogram({
      name: 'tenure_http_request_seconds',
      help: 'Time to answer a request',
      labelNames: ['method', 'route', 'status'] as const,
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20],
      registers,
    }),
    followerLag: new Gauge({
      name: 'tenure_follower_lag_seconds',
      help: 'Age of the oldest event that a follower, or message that a consumer, has not handled',
      labelNames: ['follower'] as const,
      registers,
    }),
    followerFailing: new Gauge({
      name: 'tenure_follower_failing',
      help: '1 while a follower fails on its next batch, or a consumer does or has not joined',
      labelNames: ['follower'] as const,
      registers,
    }),
    deadLetters: new Gauge({
      name: 'tenure_parked_facts',
      help: 'Facts parked with their key',
      labelNames: ['consumer'] as const,
      registers,
    }),
    parkedStreams: new Gauge({
      name: 'tenure_parked_streams',
      help: 'Streams that a view could not apply and parked',
      labelNames: ['view'] as const,
      registers,
    }),
    dueTimers: new Gauge({ name: 'tenure_due_timers', help: 'Timers that are due and have not fired', registers }),
    deliveries: new Counter({
      name: 'tenure_deliveries_total',
      help: 'Calls to applications that ended',
      labelNames: ['action', 'outcome'] as const,
      registers,
    }),
    signIns: new Counter({
      name: 'tenure_sign_ins_total',
      help: 'Attempts to sign in',
      labelNames: ['method', 'outcome'] as const,
      registers,
    }),
    waitingDeliveries: new Gauge({
      name: 'tenure_waiting_deliveries',
      help: 'Deliveries that wait for their turn or a retry',
      registers,
    }),
    appsByHealth: new Gauge({
      name: 'tenure_apps_in_trouble',
      help: 'Applications that are throttled, degraded or quarantined',
      labelNames: ['state'] as const,
      registers,
    }),
    ledgerConflicts: new Gauge({
      name: 'tenure_ledger_conflicts',
      help: 'Ledger entries that contradict others and were kept beside them',
      registers,
    }),
    damagedLogs: new Gauge({
      name: 'tenure_damaged_logs',
      help: 'Audit logs that are not what was signed, and get no further checkpoint',
      registers,
    }),
    witnessAge: new Gauge({
      name: 'tenure_witness_quorum_age_seconds',
      help: 'How long ago enough witnesses last cosigned the anchor log',
      registers,
    }),
    oldestTransaction: new Gauge({
      name: 'tenure_oldest_write_transaction_seconds',
      help: 'Age of the oldest write transaction: new events are hidden behind it',
      registers,
    }),
  };
};
