import { allItems } from '../http.mjs';
import { ENTERPRISE } from '../identity-providers.mjs';
import { succeeded, writes } from '../sandbox.mjs';
import { check, equal, tell } from '../story.mjs';

const createdAt = '2026-01-05T09:00:00.000Z';
const before = '2026-01-05T08:59:59.999Z';
const between = '2026-01-05T10:30:00Z';

const historyIsRead = async ({ admin, directory, ada, entra }) => {
  const user = `${directory}/users/${ada.id}`;
  const history = await allItems(admin, `${user}/history`);
  equal(
    'Ada’s history: created, given a manager, moved to Engineering, deactivated',
    history.map(({ type, occurredAt }) => `${occurredAt} ${type}`),
    [
      `${createdAt} UserCreated`,
      `${createdAt} UserChanged`,
      `${ada.changedDepartmentAt} UserChanged`,
      `${ada.leftAt} UserDeactivated`,
    ],
  );
  equal(
    'all of it done by Entra’s connection',
    [...new Set(history.map(({ actor }) => `${actor.kind} ${actor.id}`))],
    [`connection ${entra.id}`],
  );

  const asOf = async (instant) => {
    const { resource, active } = await admin.get(`${user}?asOf=${encodeURIComponent(instant)}`);
    return [resource[ENTERPRISE].department, active];
  };
  equal('as of half past ten she was in Sales', await asOf(between), ['Sales', true]);
  equal('as of eleven, when it changed, in Engineering', await asOf(ada.changedDepartmentAt), ['Engineering', true]);
  equal('as of noon she had left', await asOf(ada.leftAt), ['Engineering', false]);
  const notYet = await admin.get(`${user}?asOf=${encodeURIComponent(before)}`, 404);
  equal('before nine there was no Ada', notYet.code, 'user/not-yet');
  return history;
};

/** From an entry back to what it followed from, by `causationId`. */
const causesOf = (entries, last) => {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const chain = [last];
  for (
    let cause = byId.get(last.because.causationId);
    cause && !chain.includes(cause);
    cause = byId.get(cause.because.causationId)
  )
    chain.push(cause);
  return chain;
};

const short = (text) => (text.length > 90 ? `${text.slice(0, 87)}…` : text);

const auditAnswers = async ({ admin, audit, ada, entra }, history) => {
  const entries = await allItems(admin, `${audit}/entries?user=${ada.id}`);
  for (const { at, actor, summary } of entries.toReversed())
    tell(`  ${at}  ${actor.kind.padEnd(10)}  ${short(summary)}`);
  const inDirectory = entries.filter(({ subject }) => subject.kind === 'user').toReversed();
  equal(
    'the ledger has every event of Ada’s once',
    inDirectory.map(({ event }) => event.revision),
    history.map(({ revision }) => revision),
  );
  check(
    'newest first, without her name anywhere',
    entries.every(({ seq }, index) => index === 0 || entries[index - 1].seq > seq) &&
      !/lindqvist/i.test(JSON.stringify(entries)),
    entries,
  );

  const deleted = entries.find(({ type }) => type === 'AccountDeleted');
  const deactivated = entries.find(({ type }) => type === 'UserDeactivated');
  equal(
    'who, what and when: Entra’s connection deactivated her at noon',
    [deactivated.actor.id, deactivated.changes, deactivated.at],
    [entra.id, [{ attribute: 'active' }], ada.leftAt],
  );
  equal(
    'and the system deleted her account seven days later',
    [deleted.actor.kind, deleted.at],
    ['system', ada.sevenDaysLater],
  );
  const chain = causesOf(entries, deleted);
  const types = chain.map(({ type }) => type);
  check(
    'and why: the deletion followed from a timer, which followed from her being deactivated',
    types.includes('TimerFired') && types.at(-1) === 'UserDeactivated',
    types,
  );
  equal(
    'all under the one request in which Entra deactivated her',
    [...new Set(chain.map(({ because }) => because.correlationId))],
    [deactivated.because.correlationId],
  );
  tell(`Why: ${types.join(' ← ')}.`);
};

const usageAddsUp = async ({ admin, audit, appId, sandbox, byHand }) => {
  const { counts } = await admin.get(`${audit}/usage?app=${appId}`);
  const entries = await allItems(admin, `${audit}/entries?app=${appId}`);
  const entriesOf = (...types) => entries.filter(({ type }) => types.includes(type)).length;
  const requests = writes(await sandbox.requests()).filter(succeeded);
  const made =
    requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/Users')).length -
    Object.values(byHand).length;
  const deleted = requests.filter(({ method }) => method === 'DELETE').length;
  tell(
    Object.entries(counts)
      .map(([name, count]) => `${name}: ${count}`)
      .join(' · '),
  );
  equal(
    'the usage counters add up with what the sandbox was asked',
    [counts['Create User By Auto Provisioning'], counts['Hard Delete Auto Provisioned User']],
    [made, deleted],
  );
  equal(
    'and with the ledger',
    [
      counts['Update Auto Provisioned User'],
      counts['Suspend Auto Provisioned User'],
      counts['Unsuspend Auto Provisioned User'],
      counts.Failures,
    ],
    [entriesOf('AccountUpdated'), 1, 0, 1],
  );
  const lines = (await admin.get(`${audit}/usage.csv?app=${appId}`)).trim().split('\r\n');
  equal(
    'the same as lines of CSV, one each',
    lines.length - 1,
    Object.values(counts).reduce((sum, count) => sum + count, 0),
  );
};

/** Ada's history and as-of; the audit's who, what, when and why; the usage counters. */
export const whatHappenedIsTold = async (world) => {
  const audit = `/audit/v1/tenants/${world.tenant.id}`;
  const history = await historyIsRead(world);
  await auditAnswers({ ...world, audit }, history);
  await usageAddsUp({ ...world, audit });
  return { audit };
};
