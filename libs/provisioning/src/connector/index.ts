export * from './connection.ts';
export * from './kinds.ts';
export * from './port.ts';
export { askForReferences, targetsSet, type DescribedReference } from './described-references.ts';
