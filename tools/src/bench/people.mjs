import { freshNames } from './names.mjs';
import { limit, scim } from './requests.mjs';

/** More than are created in one slice, whatever the machine. */
const enoughFor = (ms) => Math.ceil(ms * 6);

/** What of a slice was created: name and id of each. */
const created = (slice, values) => slice.ids.flatMap((id, index) => (id ? [{ id, name: values[index].name }] : []));

/** The people of one tenant, of the system or of the limit: what can be done to them under load, each as one slice. */
const people = ({ load, target, requests: { create, get, find, change } }) => {
  const fresh = freshNames();
  const known = [];
  let changes = 0;
  const createSome = async (values, concurrency, forMs) => {
    const slice = await load.run({ target, ...create, values, concurrency, forMs });
    known.push(...created(slice, values));
    return slice;
  };
  const read = (request, concurrency) => (forMs) =>
    load.run({ target, ...request, values: known, cyclic: true, concurrency, forMs });
  // Everybody once, each to what he is not: a change that changes nothing would be cheap.
  const changing = () => {
    const next = (changes += 1);
    const person = known[next % known.length];
    return { ...person, active: Math.floor(next / known.length) % 2 === 1 };
  };
  return {
    known,
    /** So many people, with as many callers as help; fewer where the time is over. */
    populate: (count, forMs = 600_000) => createSome(fresh(count), 32, forMs),
    creating: (concurrency) => (forMs) => createSome(fresh(enoughFor(forMs)), concurrency, forMs),
    getting: (concurrency) => read(get, concurrency),
    finding: (concurrency) => read(find, concurrency),
    changing: (concurrency) => async (forMs) => {
      const from = changes;
      const values = Array.from({ length: enoughFor(forMs) }, changing);
      const slice = await load.run({ target, ...change, values, concurrency, forMs });
      changes = from + slice.taken;
      return slice;
    },
  };
};

export const peopleOf = (load, tenant) =>
  people({
    load,
    target: tenant.target,
    requests: { create: scim.createUser, get: scim.getUser, find: scim.findUser, change: scim.setActive },
  });

/** The limit stores a row where the system stores an event: of a change too it is one insert. */
export const limitPeople = (load, { target, pid }) => ({
  pid,
  ...people({
    load,
    target,
    requests: { create: limit.insert, get: limit.byId, find: limit.byName, change: limit.insert },
  }),
});
