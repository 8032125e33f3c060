import { isObject, type JsonObject } from '@tenure/scim';
import type { Asked, Mode } from './behaviour.ts';

const escaped = (value: unknown) =>
  (typeof value === 'string' ? value : JSON.stringify(value ?? '')).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const row = (cells: readonly unknown[]) => `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;

const table = (caption: string, heads: readonly string[], rows: readonly (readonly unknown[])[]) =>
  `<h2>${escaped(caption)} <small>${rows.length}</small></h2><table><thead><tr>${heads.map((head) => `<th>${escaped(head)}</th>`).join('')}</tr></thead><tbody>${rows.map(row).join('')}</tbody></table>`;

const membersOf = ({ members }: JsonObject): unknown[] =>
  Array.isArray(members) ? members.map((member) => (isObject(member) ? member['value'] : member)) : [];

const MOST_NAMED = 20;
/** A large group isn't written out. */
const whoIn = (members: readonly unknown[], accounts: readonly JsonObject[]): string => {
  const names = new Map<unknown, unknown>(accounts.map(({ id, userName }) => [id, userName]));
  const named = members.slice(0, MOST_NAMED).map((id) => String(names.get(id) ?? id));
  return [...named, ...(members.length > MOST_NAMED ? ['…'] : [])].join(', ');
};

/** The page that shows a person what arrived. */
export const page = (
  accounts: readonly JsonObject[],
  groups: readonly JsonObject[],
  asked: readonly Asked[],
  mode: Mode,
) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Tenure sandbox</title><meta http-equiv="refresh" content="2"><style>
body{font:15px/1.4 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1c2430}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d8dee6}small{color:#66758a}
</style></head><body><h1>Tenure sandbox</h1><p>A small SCIM application. It answers: <b>${escaped(mode.mode)}</b>.</p>
${table(
  'Accounts',
  ['userName', 'displayName', 'active', 'externalId'],
  accounts.map((a) => [a.userName, a.displayName, a.active ?? true, a.externalId]),
)}
${table(
  'Groups',
  ['displayName', 'members', 'who', 'externalId'],
  groups.map((g) => [g.displayName, membersOf(g).length, whoIn(membersOf(g), accounts), g.externalId]),
)}
${table(
  'Last requests',
  ['at', 'method', 'path', 'status'],
  asked
    .slice(-30)
    .reverse()
    .map((a) => [a.at, a.method, a.path, a.status]),
)}
</body></html>`;
