import { philox4x32 } from '../base/philox.js';

/** Enough rounds that orders of small sets pass a test of uniformity. */
const ROUNDS = 8;

/**
 * The place of `index` in a random order of 0 .. size - 1, computed alone: a Feistel network whose round function is Philox,
 * over the least even number of bits that holds `size`, walked until it lands inside (fewer than 4 steps on average). The order
 * is named by (seed, stream, round); `stream` and `round` below 2^32.
 */
export function permuted(index: number, size: number, seed: bigint, stream: number, round: number): number {
  const half = Math.max(1, Math.ceil(Math.log2(Math.max(2, size)) / 2));
  const mask = 2 ** half - 1;
  let at = index;
  do {
    let left = Math.floor(at / 2 ** half);
    let right = at % 2 ** half;
    for (let step = 0; step < ROUNDS; step++) {
      // The step and the width are part of the counter, so no two networks share their round functions.
      const [bits] = philox4x32(seed, right, step * 64 + half, stream, round);
      [left, right] = [right, (left ^ bits) & mask];
    }
    at = left * 2 ** half + right;
  } while (at >= size);
  return at;
}
