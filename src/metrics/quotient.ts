/** A sum, and the sum that it is a share of. */
export type Quotient = readonly [part: number, whole: number];

/** null where there is nothing to divide by. */
export function share([part, whole]: Quotient): number | null {
  return whole === 0 ? null : part / whole;
}
