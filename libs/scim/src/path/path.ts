import type { Dialect } from '../dialect/settings.ts';
import { isStrict } from '../dialect/settings.ts';
import type { Filter } from '../filter/filter.ts';
import { parseElementFilter } from '../filter/parse.ts';
import { scannerOf } from '../filter/scanner.ts';
import { invalidPath } from '../problem/problem.ts';
import type { ResourceType } from '../schema/attribute.ts';
import { type Found, findAttribute, findSubAttribute } from '../schema/lookup.ts';

/** A path of RFC 7644 §3.5.2: an attribute, perhaps some of its elements, perhaps one of its sub-attributes. */
export type Path = Found & { where?: Filter };

/** §2.7: some clients send `/emails` or `emails%5Btype…`. What has quotes or spaces isn't encoded, whatever its values look like. */
const cleaned = (text: string): string => {
  const path = text.trim().replace(/^\//, '');
  if (!/%[0-9a-f]{2}/i.test(path) || /["\s]/.test(path)) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    throw invalidPath('The path is not encoded correctly.');
  }
};

/** RFC 7644 §3.5.2: `ATTRNAME *1subAttr`. Behind a colon stands what a schema is called, which may be any URI (E12). */
const attributePath = /^(?:[A-Za-z$][\w$-]*(?:\.[A-Za-z$][\w$-]*)?|[\w$.:/-]*:[\w$./-]*[\w$-])$/;

/** Whether a path that names nothing of a type could be that of an attribute at all, whatever its filter says. */
export const isAttributePath = (text: string): boolean => attributePath.test(cleaned(text).split('[', 1)[0]!);

/** `undefined` when the path names nothing of the type. */
export const parsePath = (type: ResourceType, text: string, dialect: Dialect): Path | undefined => {
  const scanner = scannerOf(isStrict(dialect) ? text : cleaned(text), invalidPath);
  const name = scanner.word();
  if (!/^[\w$.:/-]+$/.test(name)) throw scanner.fail('An attribute expected', 0);
  const found = findAttribute(type, name, { lenient: !isStrict(dialect) });
  if (!scanner.accept('[')) {
    if (!scanner.atEnd()) throw scanner.fail('"[" or the end expected');
    return found;
  }
  if (!found) return undefined;
  if (!found.attribute.multiValued || found.sub) throw scanner.fail(`"${name}" is not multi-valued`);
  const where = parseElementFilter(scanner, found.attribute, dialect);
  if (scanner.atEnd()) return { ...found, where };
  scanner.expect('.');
  const subAt = scanner.position();
  const sub = findSubAttribute(found.attribute, scanner.word());
  if (!sub) throw scanner.fail(`"${found.path}" has no such sub-attribute`, subAt);
  if (!scanner.atEnd()) throw scanner.fail('The end expected');
  return { ...found, where, sub };
};
