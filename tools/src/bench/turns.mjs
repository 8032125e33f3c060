/**
 * Runs the jobs of a few parties in turns, so that all meet the same phases of the machine: a short turn each to warm up, then the rounds.
 * Returns one list of slices per party.
 */
export const inTurns = async (parties, { rounds, sliceMs }) => {
  const slices = parties.map(() => []);
  for (const party of parties) await party(sliceMs / 2);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, party] of parties.entries()) slices[index].push(await party(sliceMs));
  }
  return slices;
};

export const roundsOf = ([system, limit]) => system.map((slice, index) => ({ system: slice, limit: limit[index] }));
