const percent = (share) => `${Math.round(share * 100)} %`;

/** At least this share of the limit, or at least this much where there is no limit. */
const atLeast = (least, text) => (value) => ({ text, met: value >= least });
const atMost = (most, text) => (value) => ({ text, met: value <= most });

/** What `design.md`, "Speed it must have", asks for. Each takes the figure that it judges. */
export const targets = {
  standaloneRead: atLeast(0.75, `≥ ${percent(0.75)} of the limit`),
  standaloneWrite: atLeast(0.25, `≥ ${percent(0.25)} of the limit (then 50 %)`),
  kafkaWriteAlone: atMost(2.5, 'p50 ≤ 2.5 × the limit'),
  kafkaWrite64: atLeast(0.25, `≥ ${percent(0.25)} of the limit`),
  largeGroup: atMost(1.2, 'p50 ≤ 1.2 × that of 10 members'),
  indexedFilter: atMost(10, 'p95 < 10 ms'),
  deepPage: atMost(1.5, 'as fast as the first'),
  rebuild: atLeast(20_000, '≥ 20,000/s'),
  idleMemory: atMost(400, '< 400 MB'),
};
