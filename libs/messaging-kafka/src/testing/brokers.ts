const post = async (url: string): Promise<Response> => {
  const response = await fetch(url, { method: 'POST' });
  if (!response.ok) throw new Error(`${url}: ${await response.text()}`);
  return response;
};

export type TestBroker = {
  brokers: string;
  /** Only of a broker that nobody else uses. */
  control?: { stop: () => Promise<void>; kill: () => Promise<void>; start: () => Promise<void> };
  close: () => Promise<void>;
};

/** Whether this run has a real broker. The test runner starts one, and says so in the environment. */
export const hasKafka = (): boolean => process.env['KAFKA_BROKERS'] !== undefined;
/** Whether the test runner can start one more, for a suite to stop. */
export const hasBrokerControl = (): boolean => process.env['TENURE_KAFKA_CONTROL'] !== undefined;
export const sharedBroker = (): string => process.env['KAFKA_BROKERS']!;

/** A broker that only this suite uses, so that it may stop it, where the test runner can start one more; else the shared one. */
export const ownBroker = async (): Promise<TestBroker> => {
  const control = process.env['TENURE_KAFKA_CONTROL'];
  if (control === undefined) return { brokers: sharedBroker(), close: async () => {} };
  const { brokers, url } = (await (await post(`${control}/brokers`)).json()) as { brokers: string; url: string };
  return {
    brokers,
    control: {
      stop: async () => void (await post(`${url}/stop`)),
      kill: async () => void (await post(`${url}/kill`)),
      start: async () => void (await post(`${url}/start`)),
    },
    close: async () => void (await fetch(url, { method: 'DELETE' })),
  };
};
