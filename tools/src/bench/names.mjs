/** Names that nobody else in this run has. */
export const freshNames = () => {
  let given = 0;
  return (count) => Array.from({ length: count }, () => ({ name: `person-${(given += 1)}` }));
};
