const gauge = /^tenure_follower_lag_seconds\{([^}]*)\} (\S+)$/gm;
const label = (labels, name) => new RegExp(`${name}="([^"]*)"`).exec(labels)?.[1];

/** How far each follower is behind, in ms, by its service and name. */
export const lagsNow = async (metricsUrls) => {
  const texts = await Promise.all(metricsUrls.map(async (url) => (await fetch(`${url}/metrics`)).text()));
  return new Map(
    texts.flatMap((text) =>
      [...text.matchAll(gauge)].map(([, labels, seconds]) => [
        `${label(labels, 'service')}: ${label(labels, 'follower')}`,
        Number(seconds) * 1000,
      ]),
    ),
  );
};
