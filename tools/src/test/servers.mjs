import { existingOrStartedKafka, startKafka, whyNoKafka } from '../kafka/kafka.mjs';
import { startLdap, whyNoLdap } from '../ldap/ldap.mjs';
import { startTestPostgres } from '../servers/postgres.mjs';
import { startServerControl } from './server-control.mjs';

const choices = ['required', 'auto', 'off'];

/** Whether a kind of server is wanted and can be had; `absent` says why it isn't there. */
const wanted = async (name, variable, { [variable]: choice = 'auto' }, whyNot) => {
  if (!choices.includes(choice)) throw new Error(`${variable} is ${choice}; it can be ${choices.join(', ')}.`);
  if (choice === 'off') return { absent: `${variable}=off` };
  const reason = await whyNot();
  if (reason && choice === 'required') throw new Error(`${name} is required (${variable}=required). ${reason}`);
  return { absent: reason };
};

const startForKafka = async (environment, open, say) => {
  const whyNot = async () => (environment.KAFKA_BROKERS ? undefined : whyNoKafka());
  const { absent } = await wanted('Kafka', 'TENURE_TEST_KAFKA', environment, whyNot);
  if (absent) return { variables: { KAFKA_BROKERS: undefined }, absent: [`Kafka: ${absent}`] };
  const kafka = await open(existingOrStartedKafka({ say }));
  const hasControl = !environment.KAFKA_BROKERS || !(await whyNoKafka());
  const control =
    hasControl &&
    (await open(
      startServerControl(
        'brokers',
        () => startKafka(),
        ({ brokers }) => ({ brokers }),
      ),
    ));
  return {
    variables: { KAFKA_BROKERS: kafka.brokers, ...(control && { TENURE_KAFKA_CONTROL: control.url }) },
    absent: control ? [] : ['Brokers to stop and start: only the one of KAFKA_BROKERS is here'],
  };
};

/** What a suite has to know of an LDAP server, by the names that its environment has for it. */
const ldapVariables = ({ url, ldapsUrl, caFile, suffix, accounts }) => ({
  TEST_LDAP_URL: url,
  TEST_LDAPS_URL: ldapsUrl,
  TEST_LDAP_CA: caFile,
  TEST_LDAP_BASE: suffix,
  TEST_LDAP_ACCOUNTS: JSON.stringify(accounts),
});

const startForLdap = async (environment, open, say) => {
  const { absent } = await wanted('OpenLDAP', 'TENURE_TEST_LDAP', environment, whyNoLdap);
  if (absent) return { variables: {}, absent: [`OpenLDAP: ${absent}`] };
  const ldap = await open(startLdap({ say }));
  const control = await open(startServerControl('servers', () => startLdap(), ldapVariables));
  return { variables: { ...ldapVariables(ldap), TENURE_LDAP_CONTROL: control.url }, absent: [] };
};

const definedIn = (variables) =>
  Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined));

/** The real servers of one run: what suites find in their environment, and why something is absent. */
export const startServers = async (environment, { needsLdap }, say) => {
  const opened = [];
  const close = async () => {
    for (const server of opened.splice(0).reverse()) await server.close();
  };
  const open = async (starting) => {
    const server = await starting;
    opened.push(server);
    return server;
  };

  try {
    const postgres = environment.DATABASE_URL ? { url: environment.DATABASE_URL } : await open(startTestPostgres());
    const ldap = needsLdap ? await startForLdap(environment, open, say) : { variables: {}, absent: [] };
    const kafka = await startForKafka(environment, open, say);
    return {
      close,
      absent: [...kafka.absent, ...ldap.absent],
      environment: definedIn({
        ...environment,
        TEST_DATABASE_URL: postgres.url,
        ...kafka.variables,
        ...ldap.variables,
      }),
    };
  } catch (error) {
    await close();
    throw error;
  }
};
