import { sha256Of } from '../base/checksum.js';
import { philox4x32 } from '../base/philox.js';

/** What a draw is for; part of its counter. */
const PURPOSE = { uniform: 1, order: 2 } as const;

/**
 * Draws of one axis, each a function of the sampling seed, the axis's name and the sample's number: an axis that is added
 * changes nothing of the others, and more samples nothing of the first.
 */
export class AxisDraws {
  private readonly key: bigint;
  private readonly axis: number;

  constructor(seed: number, setting: string) {
    this.key = BigInt(seed);
    this.axis = Number.parseInt(sha256Of(setting).slice(0, 8), 16);
  }

  /** Uniform in [0, 1), of 53 bits. */
  uniform(sample: number): number {
    return this.draw(sample, PURPOSE.uniform);
  }

  /** The numbers 0 to n - 1 in a random order (Fisher and Yates). */
  order(n: number): number[] {
    const numbers = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor(this.draw(i, PURPOSE.order) * (i + 1));
      [numbers[i], numbers[j]] = [numbers[j]!, numbers[i]!];
    }
    return numbers;
  }

  private draw(index: number, purpose: number): number {
    const [high, low] = philox4x32(this.key, index, this.axis, purpose, 0);
    return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
  }
}
