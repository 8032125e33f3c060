const ascending = (values) => [...values].sort((a, b) => a - b);

/** The value below which this share of all values lies (nearest rank). */
export const percentile = (values, share) => ascending(values)[Math.max(0, Math.ceil(values.length * share) - 1)];

export const median = (values) => {
  const sorted = ascending(values);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Slices of one thing: the middle one's throughput, and the percentiles of all its times (ms). */
export const figuresOf = (slices) => {
  const times = slices.flatMap((slice) => slice.times);
  const perSecond = median(slices.map(({ times: some, seconds }) => some.length / seconds));
  const cpu = slices.every(({ cpuMs }) => cpuMs !== undefined) && {
    cpuMs: slices.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / times.length,
  };
  return { perSecond, p50: percentile(times, 0.5), p95: percentile(times, 0.95), count: times.length, ...cpu };
};

/**
 * A thing beside its limit, measured in turns. A ratio is that of two neighbours in time, and the middle one of all rounds counts:
 * a phase in which the machine is busy with something else slows both or spoils one round.
 */
export const compare = (rounds) => {
  const ratioOf = (figure) =>
    median(rounds.map(({ system, limit }) => figure(figuresOf([system])) / figure(figuresOf([limit]))));
  return {
    system: figuresOf(rounds.map(({ system }) => system)),
    limit: figuresOf(rounds.map(({ limit }) => limit)),
    ratio: { perSecond: ratioOf(({ perSecond }) => perSecond), p50: ratioOf(({ p50 }) => p50) },
  };
};
