import type { JsonObject } from '@tenure/scim';
import type { Asked, Mode } from './behaviour.ts';

const escaped = (value: unknown) =>
  (typeof value === 'string' ? value : JSON.stringify(value ?? '')).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const row = (cells: readonly unknown[]) => `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;

const table = (caption: string, heads: readonly string[], rows: readonly (readonly unknown[])[]) =>
  `<h2>${escaped(caption)} <small>${rows.length}</small></h2><table><thead><tr>${heads.map((head) => `<th>${escaped(head)}</th>`).join('')}</tr></thead><tbody>${rows.map(row).join('')}</tbody></table>`;

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
  ['displayName', 'members'],
  groups.map((g) => [g.displayName, Array.isArray(g.members) ? g.members.length : 0]),
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
