import 'reflect-metadata';
import { Misconfigured } from '@tenure/platform';
import { createSandbox } from './app.module.ts';
import { readConfig } from './config.ts';

try {
  const config = readConfig();
  const app = await createSandbox(config);
  await app.listen(config.SANDBOX_PORT, '0.0.0.0');
  process.stdout.write(`The sandbox listens on ${await app.getUrl()}. SCIM: /scim/v2\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => void app.close().then(() => process.exit(0)));
} catch (error) {
  process.stderr.write(`${error instanceof Misconfigured ? error.message : (error as Error).stack}\n`);
  process.exit(1);
}
