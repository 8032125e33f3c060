/** The values of a statement, gathered while its text is made. */
export type Parameters = { readonly values: unknown[]; add: (value: unknown) => string };

export const parameters = (...first: unknown[]): Parameters => {
  const values = [...first];
  return { values, add: (value) => `$${values.push(value)}` };
};
