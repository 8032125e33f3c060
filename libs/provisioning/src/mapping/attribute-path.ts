import {
  type AttributeType,
  type Filter,
  type ResourceType,
  ScimProblem,
  isHostileName,
  parsePath,
  printFilter,
  profiles,
  userType,
} from '@tenure/scim';
import { remembered } from '../expression/index.ts';

/** A place in a SCIM User: `userName`, `name.givenName`, `emails[type eq "work"].value`, `urn:…:User:department`. */
export type AttributePath = {
  /** The one spelling of it: canonical case, extensions with their URN. */
  text: string;
  /** The members that lead to the attribute: one, or the URN of an extension and one. */
  members: string[];
  type: AttributeType;
  multiValued: boolean;
  /** Whether it is neither the service provider's own business nor secret. */
  writable: boolean;
  hasValue: boolean;
  where?: Filter;
  sub?: { name: string; type: AttributeType };
};

/** Entra's dialect: booleans as strings, and extension attributes without their URN. */
const dialect = profiles.generic;

const foreignPath = /^(urn:[\w.:-]+):([A-Za-z$][\w$-]*)$/i;

/** A text tells what is wrong. A schema that Tenure doesn't know is taken at its word, because apps have extensions of their own. */
export const readAttributePath = (text: string, type: ResourceType = userType): AttributePath | string =>
  type === userType ? pathOfUser(text) : readPath(text, type);

const readPath = (text: string, type: ResourceType): AttributePath | string => {
  try {
    const path = parsePath(type, text, dialect);
    if (!path) return foreignAttribute(text);
    const { attribute, sub, where } = path;
    const colon = path.path.lastIndexOf(':');
    return {
      text: `${path.path}${where ? `[${printFilter(where)}]` : ''}${sub ? `.${sub.name}` : ''}`,
      members: colon < 0 ? [path.path] : [path.path.slice(0, colon), path.path.slice(colon + 1)],
      type: attribute.type,
      multiValued: attribute.multiValued,
      writable:
        [attribute, sub].every((each) => each?.mutability !== 'readOnly' && each?.returned !== 'never') &&
        attribute.name !== 'schemas',
      hasValue: attribute.subAttributes?.some(({ name }) => name === 'value') ?? false,
      where,
      sub: sub && { name: sub.name, type: sub.type },
    };
  } catch (problem) {
    if (problem instanceof ScimProblem) return `${text} is no path: ${problem.detail}`;
    throw problem;
  }
};

/** Remembered: the same paths are read for everybody of an app. */
const pathOfUser = remembered(4000, (text) => readPath(text, userType));

const foreignAttribute = (text: string): AttributePath | string => {
  const [, urn, name] = foreignPath.exec(text) ?? [];
  if (urn === undefined || name === undefined || isHostileName(name)) return `There is no attribute ${text}.`;
  return { text, members: [urn, name], type: 'string', multiValued: false, writable: true, hasValue: false };
};
