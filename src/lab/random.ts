import { philox4x32 } from '../base/philox.js';

/** The low and the high 32 bits of a whole number below 2^53. */
const halves = (n: number): [number, number] => [n >>> 0, Math.floor(n / 2 ** 32) >>> 0];

/** What a stream of draws is for; part of its name, so that no two purposes share draws. */
export const PURPOSE = { story: 1, corpus: 2, order: 3 } as const;

/**
 * Draws named by (seed, purpose, index): the i-th draw of a stream is a function of its name alone, so any stream can
 * be made again, in any order, without the ones before it.
 */
export class Draws {
  private block: readonly number[] = [];
  private used = 4;
  private blocks = 0;
  private readonly key: bigint;

  /** `seed` and `index`: integers from 0 to 2^53 - 1. */
  constructor(
    seed: number,
    private readonly purpose: number,
    private readonly index: number,
  ) {
    this.key = BigInt(seed);
  }

  /** The next 32 bits. */
  bits(): number {
    if (this.used === 4) {
      this.block = philox4x32(this.key, ...halves(this.index), this.purpose, this.blocks++);
      this.used = 0;
    }
    return this.block[this.used++]!;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return this.bits() / 2 ** 32;
  }

  /** A whole number from 0 to n - 1. */
  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** An index drawn in proportion to `weights`. */
  weighted(weights: readonly number[]): number {
    let left = this.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
    for (let i = 0; i < weights.length; i++) {
      left -= weights[i]!;
      if (left < 0) return i;
    }
    return weights.findLastIndex((weight) => weight > 0);
  }
}
