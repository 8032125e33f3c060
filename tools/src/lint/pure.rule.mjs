import { eachImport } from './imports.mjs';

/** What rules and events may use of ours: the words of event sourcing, and the protocol. */
const allowedPackages = new Set(['@tenure/eventing', '@tenure/scim', '@tenure/contracts']);

const impureCalls = new Set([
  'Date',
  'Date.now',
  'Math.random',
  'randomUUID',
  'crypto.randomUUID',
  'crypto.getRandomValues',
  'performance.now',
  'fetch',
  'setTimeout',
  'setInterval',
]);

const nameOf = (node) => {
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'MemberExpression' && !node.computed && node.object.type === 'Identifier') {
    return node.object.name === 'globalThis' ? node.property.name : `${node.object.name}.${node.property.name}`;
  }
  return undefined;
};

const because = 'Events and deciders are pure: time, ids and chance enter with the command';

/** `*.events.ts` and `*.decider.ts`: the same command and state give the same events, today and in a replay. */
export const pureRule = {
  create: (context) => ({
    ...eachImport((specifier, node) => {
      const [ours] = /^@tenure\/[^/]+/.exec(specifier) ?? [];
      const impure = specifier.startsWith('node:') || (ours && !allowedPackages.has(ours));
      if (impure) context.report({ node, message: `${because}; ${specifier} brings the world in.` });
    }),
    CallExpression: (node) => {
      const name = nameOf(node.callee);
      if (impureCalls.has(name)) context.report({ node, message: `${because}; ${name}() is not.` });
    },
    NewExpression: (node) => {
      if (nameOf(node.callee) === 'Date' && node.arguments.length === 0)
        context.report({ node, message: `${because}; new Date() is not.` });
    },
    MemberExpression: (node) => {
      if (nameOf(node) === 'process.env') context.report({ node, message: `${because}; process.env is not.` });
    },
  }),
};
