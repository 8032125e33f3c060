/** What the RFCs demand and identity providers send, a row each: by section a name, by provider a number. Tests and conversations cite them. */
const sections = {
  1.1: 'rfc-7642-7644 rfc-9865 rfc-9967 interop-draft errata',
  1.2: 'users-groups me service-provider-config resource-types-schemas bulk search root base-uri tolerant-paths',
  1.3: 'case null id external-id user-name password groups members multi-valued meta schemas formats enterprise characteristics dollar',
  1.4: 'post put delete',
  1.5: 'precedence multi-valued types syntax eq-null urn value-path-sub escapes no-match limits',
  1.6: 'sort projection start-index count list-response ordering search parameter-case',
  1.7: 'request response characters errors search configuration guidance',
  1.8: 'envelope add-pathless add-simple add-multi-valued add-complex add-value-path replace-pathless replace-absent replace-complex replace-multi-valued replace-match replace-no-match remove-pathless remove-attribute remove-value-path remove-sub read-only malformed-path primary',
  1.9: 'request references fail-on-errors response limits order',
  '1.10': 'body scim-type status media etag configuration public schemas tls',
  1.11: 'claims event-uris payload async configuration use',
  '2.0': 'connect find update deactivate delete groups if-match bulk-me-search schemas',
  2.7: 'slash percent core-urn primary-true key-case missing-op last-op rename-id pathless-members no-op password partial-replace non-member unknown-member',
  2.8: 'no-match unknown-id duplicate user-patch group-patch delete bad-token overload busy latency',
};

/** E: Entra, O: Okta, L: OneLogin, G: Google, J: JumpCloud, P: Ping; C: what the product decided where they contradict each other. */
const numbered = { E: 27, O: 13, L: 7, G: 6, J: 4, P: 4, C: 18 };

export const wireRows = [
  ...Object.entries(sections).flatMap(([section, names]) => names.split(' ').map((name) => `${section} ${name}`)),
  ...Object.entries(numbered).flatMap(([letter, last]) =>
    Array.from({ length: last }, (_, index) => `${letter}${index + 1}`),
  ),
];

const cites = (text, row) => new RegExp(`(?<![\\w.-])${row.replaceAll('.', '\\.')}(?![\\w-])`).test(text);

/** The names of tests, tables of `it.each` among them: lines that name one, or belong to a table. */
const namesIn = (spec) =>
  spec
    .split('\n')
    .filter((line) => /^\s*(it|test|describe)\b|^\s*\[|^\s*\]\S*\)\(/.test(line))
    .join('\n');

const citationsIn = (conversation) =>
  [...conversation.matchAll(/"cites": "([^"]*)"/g)].map(([, cited]) => cited).join('\n');

/** Rows that neither a test's name nor a conversation cites. */
export const uncited = ({ specs, conversations }) => {
  const text = [...specs.map(namesIn), ...conversations.map(citationsIn)].join('\n');
  return wireRows.filter((row) => !cites(text, row));
};

/** Rows that the conformance statement says are without a test: a list of theirs at the head of each line below its heading. */
export const excused = (statement) => {
  const part = /\n## Without a test\n([\s\S]*?)(?=\n## |$)/.exec(statement)?.[1] ?? '';
  const heads = part
    .split('\n')
    .filter((line) => line.startsWith('- '))
    .map((line) => line.slice(2, line.indexOf(': ')));
  return wireRows.filter((row) => heads.some((head) => head.split(', ').includes(row)));
};
