/** How a directory disables an account; `attribute`: by a value of an attribute of its own. */
export type LdapDisabling =
  | { kind: 'userAccountControl' }
  | { kind: 'pwdAccountLockedTime' }
  | { kind: 'attribute'; attribute: string; value: string; activeValue?: string };

/** Where a directory is, and how it is laid out. */
export type LdapConnection = {
  kind: 'ldap';
  /** `ldap://host[:port]` or `ldaps://host[:port]`. */
  url: string;
  startTls?: boolean;
  /** The certificate authority to trust, as PEM; without it, the public ones. */
  ca?: string;
  /** Accounts are looked for below it. */
  base: string;
  /** The DN of new accounts, such as `uid={uid},ou=people,dc=example,dc=org`. */
  template: string;
  /** Of new accounts; the last one also tells accounts from other entries. */
  objectClasses?: string[];
  disable: LdapDisabling;
  /** Groups are looked for below it, and made directly below it; without it the app has none. */
  groupBase?: string;
  group?: {
    objectClass?: string;
    /** Where its object class has no empty groups, stands in for the last member. Nobody signs in by it; the default is `base`. */
    placeholder?: string;
  };
  /** The attribute that carries our account's id. */
  mark?: string;
};

/** How an app is spoken to, by its kind. `auto`: as it says itself, or as it is found out by use. */
export type AppConnection = { kind: 'scim'; mode: 'auto' | 'patch' | 'put' } | LdapConnection;

export type ConnectionProblem = { field: string; message: string };
