/** Facts of a stream arrived without one before them. */
export class FactGap extends Error {
  override readonly name = 'FactGap';
  constructor(
    readonly after: number,
    readonly revision: number,
  ) {
    super(`The stream was consumed up to revision ${after}, and ${revision} arrived.`);
  }
}
