/** A list of numbers that grows in one piece of memory: 8 bytes each, where an array of many takes more and moves often. */
export class GrowingNumbers {
  private values = new Float64Array(1024);
  private used = 0;

  get length(): number {
    return this.used;
  }

  push(value: number): void {
    if (this.used === this.values.length) {
      const wider = new Float64Array(2 * this.used);
      wider.set(this.values);
      this.values = wider;
    }
    this.values[this.used++] = value;
  }

  at(index: number): number {
    return this.values[index]!;
  }
}
