import { createHash } from 'node:crypto';
import type { DataSubject, Sealer } from '../codec.ts';
import { ERASED } from '../define-event.ts';

/** A sealer without keys for pure tests: it keeps what it sealed and hands out references, so nothing readable is stored, and persons can be erased. */
export const memorySealer = (): Sealer & { erase: (person: DataSubject) => void } => {
  const sealed = new Map<string, { value: string; boundTo: string }>();
  const erasedPersons = new Set<string>();
  const nameOf = ({ tenantId, personId }: DataSubject) => `${tenantId}/${personId}`;
  return {
    seal: async (person, value, boundTo) => {
      if (erasedPersons.has(nameOf(person))) throw new Error(`The key of ${nameOf(person)} was destroyed.`);
      const reference = `sealed-${sealed.size + 1}`;
      sealed.set(reference, { value: JSON.stringify(value), boundTo });
      return reference;
    },
    open: async (person, reference, boundTo) => {
      if (erasedPersons.has(nameOf(person))) return ERASED;
      const found = sealed.get(reference);
      if (!found || found.boundTo !== boundTo) throw new Error('This was not sealed here, or not for this place.');
      return JSON.parse(found.value) as unknown;
    },
    claimName: async (tenantId, { kind, value }) =>
      createHash('sha256').update(`${tenantId}\n${kind}\n${value}`).digest('hex'),
    erase: (person) => void erasedPersons.add(nameOf(person)),
  };
};
