import { Rejected } from '@tenure/eventing';
import { settle, valueAt, type Change, type Resource, type ResourceType } from '@tenure/scim';

/** Values of one attribute; a group's members are no part of its resource here. */
const MOST_VALUES = 1000;
/** Of a whole resource in bytes of JSON, so that many changes can't make an event that no store or broker takes. */
const LARGEST = 1024 * 1024;

/** Settles a change, and refuses what makes a resource too large, however small the change is. */
export const settleWithinLimits = (type: ResourceType, before: Resource, after: Resource): Change => {
  const change = settle(type, before, after);
  if (change.changed.length === 0) return change;
  for (const path of change.changed) {
    const value = valueAt(change.resource, path);
    if (Array.isArray(value) && value.length > MOST_VALUES) throw tooManyValues(path);
  }
  if (Buffer.byteLength(JSON.stringify(change.resource)) > LARGEST)
    throw new Rejected('too-large', 'resource/too-large', 'The resource would be larger than 1 MiB.');
  return change;
};

const tooManyValues = (field: string) => {
  const message = `Must have at most ${MOST_VALUES.toLocaleString('en')} values.`;
  return new Rejected('invalid', 'value/too-many', `${field}: ${message}`, [{ field, message }]);
};
