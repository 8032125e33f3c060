import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheDir } from '../servers/cache-dir.mjs';

const run = promisify(execFile);
const pom = fileURLToPath(new URL('pom.xml', import.meta.url));
const oldestJava = 17;

const javaVersion = async () => {
  const { stderr } = await run('java', ['-version']);
  return Number(/version "(\d+)/.exec(stderr)?.[1]);
};

const jarsDir = (version) => join(cacheDir(), `kafka-${version}`);

/** Why Kafka can't run here from its jars, as a sentence; undefined when it can. */
export const whyNoJars = async (version) => {
  const java = await javaVersion().catch(() => undefined);
  if (java === undefined)
    return `Java is not installed (Kafka ${version} needs Java ${oldestJava}: on Debian, apt-get install openjdk-17-jre-headless).`;
  if (java < oldestJava) return `Java ${java} is too old: Kafka ${version} needs Java ${oldestJava} or newer.`;
  if (existsSync(jarsDir(version))) return undefined;
  const maven = await run('mvn', ['--version']).catch(() => undefined);
  return maven
    ? undefined
    : `Maven is not installed and Kafka's jars are not in ${jarsDir(version)} yet (on Debian, apt-get install maven).`;
};

/** The folder of Kafka's jars, fetched from Maven Central the first time. Complete or not there at all, whoever else fetches too. */
export const kafkaJars = async (version, say) => {
  const dir = jarsDir(version);
  if (existsSync(dir)) return dir;
  await mkdir(cacheDir(), { recursive: true });
  const partial = `${dir}.${process.pid}.partial`;
  say(`fetching Kafka ${version} from Maven Central once, into ${dir} …`);
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
  try {
    await run('mvn', [
      '-q',
      '-B',
      '-f',
      pom,
      `-Dkafka.version=${version}`,
      goal,
      '-DincludeScope=runtime',
      `-DoutputDirectory=${partial}`,
    ]);
    await rename(partial, dir).catch((error) => {
      if (!existsSync(dir)) throw error;
    });
  } catch (error) {
    throw new Error(`Kafka ${version} could not be fetched from Maven Central:\n${error.stdout || error.message}`, {
      cause: error,
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return dir;
};
