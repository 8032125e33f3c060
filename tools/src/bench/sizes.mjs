/** How much is measured. Short slices in many rounds: the ratio of neighbours survives a noisy machine. */
export const sizes = {
  full: {
    rounds: 9,
    sliceMs: 800,
    population: 5000,
    groups: [10, 1000, 10_000, 100_000],
    populateMs: 900_000,
    deliveries: 60,
    deliveryEveryMs: 200,
    idleMs: 20_000,
  },
  quick: {
    rounds: 3,
    sliceMs: 500,
    population: 500,
    groups: [10, 1000],
    populateMs: 60_000,
    deliveries: 10,
    deliveryEveryMs: 200,
    idleMs: 5000,
  },
};
