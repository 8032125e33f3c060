/** A database's address without its password, as it may be logged. */
export const withoutPassword = (url: string): string => {
  if (!URL.canParse(url)) return 'an address that is not a URL';
  const { protocol, username, host, pathname } = new URL(url);
  return `${protocol}//${username ? `${username}@` : ''}${host}${pathname}`;
};

/** `localhost` is tried on IPv4 and IPv6: what failed is then only in the parts. */
const reasonOf = (error: unknown): string =>
  error instanceof AggregateError && error.errors.length > 0
    ? error.errors.map(reasonOf).join('; ')
    : error instanceof Error
      ? error.message
      : String(error);

export class DatabaseUnreachable extends Error {
  override readonly name = 'DatabaseUnreachable';
  constructor(url: string, cause: unknown) {
    super(
      `PostgreSQL did not accept a connection at ${withoutPassword(url)} (DATABASE_URL): ${reasonOf(cause)}. ` +
        'Check that it runs, that the address, user, password and database in DATABASE_URL are right ' +
        '(postgres://user:password@host:5432/database), and that its network lets this machine in.',
      { cause },
    );
  }
}

/** No PostgreSQL can be started here; the message says why, and what to do. */
export class NoEmbeddedPostgres extends Error {
  override readonly name = 'NoEmbeddedPostgres';
}
