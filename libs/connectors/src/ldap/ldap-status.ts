import { Attribute, Change } from 'ldapts';
import type { Layout } from './ldap-settings.ts';
import type { Entry } from './ldap-session.ts';

/** ADS_UF_ACCOUNTDISABLE and ADS_UF_NORMAL_ACCOUNT. */
const DISABLED = 2;
const NORMAL = 512;
/** draft-behera-ldap-password-policy §5.3.3: locked until somebody unlocks it. */
const LOCKED = '000001010000Z';

export const statusAttribute = ({ disable }: Layout): string =>
  disable.kind === 'attribute' ? disable.attribute : disable.kind;

const texts = (entry: Entry, attribute: string) =>
  (entry.values.get(attribute.toLowerCase()) ?? []).map((value) => value.toString());

export const isActive = (layout: Layout, entry: Entry): boolean => {
  const { disable } = layout;
  const values = texts(entry, statusAttribute(layout));
  switch (disable.kind) {
    case 'userAccountControl':
      return (Number(values[0] ?? 0) & DISABLED) === 0;
    case 'pwdAccountLockedTime':
      // A lock after wrong passwords has another time, and ends by itself.
      return !values.includes(LOCKED);
    case 'attribute':
      return !values.some((value) => value.toLowerCase() === disable.value.toLowerCase());
  }
};

export const change = (operation: 'add' | 'delete' | 'replace', type: string, values: readonly (string | Buffer)[]) =>
  new Change({
    operation,
    modification: new Attribute({ type, values: values.map((value) => Buffer.from(value as string)) }),
  });

/** What disables or enables an account that is as the entry shows it; nothing where it is so already. `compares`: flags can be compared there. */
export const statusChanges = (layout: Layout, entry: Entry, active: boolean, compares = true): Change[] => {
  if (isActive(layout, entry) === active) return [];
  const { disable } = layout;
  switch (disable.kind) {
    case 'userAccountControl': {
      const [was] = texts(entry, 'userAccountControl');
      const flags = Number(was ?? NORMAL);
      const wanted = String(active ? flags & ~DISABLED : flags | DISABLED);
      if (!compares) return [change('replace', 'userAccountControl', [wanted])];
      // Only while it still is what was read: its other bits are the directory's.
      return [
        ...(was === undefined ? [] : [change('delete', 'userAccountControl', [was])]),
        change('add', 'userAccountControl', [wanted]),
      ];
    }
    case 'pwdAccountLockedTime':
      return [change('replace', 'pwdAccountLockedTime', active ? [] : [LOCKED])];
    case 'attribute': {
      const value = active ? disable.activeValue : disable.value;
      return [change('replace', disable.attribute, value === undefined ? [] : [value])];
    }
  }
};

/** The state of a new account of Active Directory: one without a password can't be enabled. */
export const newAccountStatus = (layout: Layout): readonly { type: string; value: string }[] => {
  const { disable } = layout;
  if (disable.kind === 'userAccountControl') return [{ type: 'userAccountControl', value: String(NORMAL | DISABLED) }];
  if (disable.kind === 'attribute' && disable.activeValue !== undefined)
    return [{ type: disable.attribute, value: disable.activeValue }];
  return [];
};
