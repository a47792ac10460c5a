/** What one comparison may cost, in steps of about a tenth of a microsecond. Beyond, it ends undecided. */
export class Work {
  #left = 60_000;

  /** Whether `steps` more are allowed; they are taken. */
  spend(steps: number): boolean {
    this.#left -= steps;
    return this.#left >= 0;
  }
}
