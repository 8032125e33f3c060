import { setTimeout as sleep } from 'node:timers/promises';

type Sample = { name: string; labels: Record<string, string>; value: number };

const samplesOf = (text: string): Sample[] =>
  [...text.matchAll(/^(\w+)(?:\{([^}]*)\})? (\S+)$/gm)].map(([, name, labels = '', value]) => ({
    name: name!,
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, text]) => [label!, text!])),
    value: Number(value),
  }));

/** What a service tells Prometheus. */
export const metricsOf = async (url: string) => {
  const samples = samplesOf(await (await fetch(`${url}/metrics`)).text());
  const named = (name: string) => samples.filter((sample) => sample.name === name);
  return {
    labels: (name: string, label: string): string[] => named(name).map(({ labels }) => labels[label] ?? ''),
    value: (name: string, labels: Record<string, string> = {}): number | undefined =>
      named(name).find((sample) => Object.entries(labels).every(([label, text]) => sample.labels[label] === text))
        ?.value,
  };
};

/** Asks until the figure is as it should be. */
export const untilMetric = async (
  ask: () => Promise<number>,
  is: (value: number) => boolean,
  patienceMs = 60_000,
): Promise<number> => {
  for (const end = Date.now() + patienceMs; ;) {
    const value = await ask();
    if (is(value)) return value;
    if (Date.now() > end) throw new Error(`It stays at ${value}.`);
    await sleep(50);
  }
};
