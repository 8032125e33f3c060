/** A name of a role or a schema, quoted. */
export const identifier = (name: string) => `"${name.replaceAll('"', '""')}"`;
