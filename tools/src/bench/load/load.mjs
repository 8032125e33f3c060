import { startPart } from '../child.mjs';

/** The load generator, in a process of its own. A run in which anything was refused is no measurement and throws. */
export const startLoad = async () => {
  const part = await startPart(new URL('generator.mjs', import.meta.url));
  return {
    run: async (job) => {
      const result = await part.ask(job);
      if (result.refused.length > 0) {
        const what = result.refused.map(({ status, count, text }) => `${count} × ${status}: ${text}`).join('\n');
        throw new Error(`${job.method} ${job.path} was refused under load:\n${what}`);
      }
      if (result.times.length === 0)
        throw new Error(`${job.method} ${job.path} was not answered once within ${job.forMs} ms.`);
      return result;
    },
    stop: part.stop,
  };
};

/** Where requests go, and as whom. */
export const targetOf = (url, headers = {}) => {
  const { hostname, port, pathname } = new URL(url);
  return { host: hostname, port: Number(port), path: pathname.replace(/\/$/, ''), headers };
};
