/** Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), the engine's own generator. */
export function philox4x32(
  [k0, k1]: readonly [number, number],
  [c0, c1, c2, c3]: readonly [number, number, number, number],
): Uint32Array {
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low0 = Math.imul(0xd2511f53, c0);
    const low1 = Math.imul(0xcd9e8d57, c2);
    c0 = high1 ^ c1 ^ k0;
    c2 = high0 ^ c3 ^ k1;
    c1 = low1;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return Uint32Array.of(c0, c1, c2, c3);
}

/** The high 32 bits of a product of two unsigned 32-bit numbers, by 16-bit halves. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0;
}

/** The low and the high 32 bits of a whole number below 2^53. */
const halves = (n: number): [number, number] => [n >>> 0, Math.floor(n / 2 ** 32) >>> 0];

/** What a stream of draws is for; part of its name, so that no two purposes share draws. */
export const PURPOSE = { story: 1, corpus: 2, order: 3 } as const;

/**
 * Draws named by (seed, purpose, index): the i-th draw of a stream is a function of its name alone, so any stream can
 * be made again, in any order, without the ones before it.
 */
export class Draws {
  private block: Uint32Array = new Uint32Array(4);
  private used = 4;
  private blocks = 0;

  /** `seed` and `index`: integers from 0 to 2^53 - 1. */
  constructor(
    private readonly seed: number,
    private readonly purpose: number,
    private readonly index: number,
  ) {}

  /** The next 32 bits. */
  bits(): number {
    if (this.used === 4) {
      const counter = [...halves(this.index), this.purpose, this.blocks++] as const;
      this.block = philox4x32(halves(this.seed), counter);
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
