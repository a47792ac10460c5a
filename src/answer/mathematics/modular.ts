import { exactValue } from './exact.js';
import type { Formula } from './formula.js';
import { draw } from './points.js';
import type { Work } from './work.js';

/** The largest prime of 64 bits; it is 1 modulo 4, so -1 has a root, which stands for i. */
const PRIME = 2n ** 64n - 59n;
const HALF = (PRIME - 1n) / 2n;
const MOST_FACTORS = 3000;

let imaginary: bigint | undefined;
/** A root of -1. */
function rootOfMinusOne(): bigint {
  for (let base = 2n; imaginary === undefined; base++) {
    if (raised(base, HALF) === PRIME - 1n) imaginary = raised(base, HALF / 2n);
  }
  return imaginary;
}

/**
 * The value of a rational function modulo a prime, its symbols at the point `index`: two that agree at two such points are the
 * same polynomial, but for one chance in about 2^60 (Schwartz-Zippel). Powers as large as 2^4181 cost no more than small ones.
 * Null of what is no rational function, and at a pole.
 */
export function modularValue(formula: Formula, index: number, work: Work): bigint | null {
  if (!work.spend(3)) return null;
  const of = (part: Formula): bigint | null => modularValue(part, index, work);
  switch (formula.kind) {
    case 'number':
      return quotient(modulo(formula.value.numerator), modulo(formula.value.denominator), work);
    case 'symbol':
      return (BigInt(draw(formula.name, 2 * index)) << 31n) ^ BigInt(draw(formula.name, 2 * index + 1));
    case 'constant':
      return formula.name === 'i' ? rootOfMinusOne() : null;
    case 'sum':
    case 'product': {
      let total = formula.kind === 'sum' ? 0n : 1n;
      for (const part of formula.of) {
        const value = of(part);
        if (value === null) return null;
        total = (formula.kind === 'sum' ? total + value : total * value) % PRIME;
      }
      return total;
    }
    case 'negative': {
      const value = of(formula.of);
      return value === null ? null : (PRIME - value) % PRIME;
    }
    case 'percent': {
      const value = of(formula.of);
      return value === null ? null : quotient(value, 100n, work);
    }
    case 'quotient': {
      const [above, below] = [of(formula.above), of(formula.below)];
      return above === null || below === null ? null : quotient(above, below, work);
    }
    case 'power': {
      const exponent = exactValue(formula.exponent, work);
      if (exponent?.denominator !== 1n) return null;
      const base = of(formula.base);
      if (base === null || !work.spend(200)) return null;
      // 0 to the power of 0, and a pole.
      if (base === 0n) return exponent.numerator > 0n ? 0n : null;
      return raised(base, modulo(exponent.numerator, PRIME - 1n));
    }
    case 'call':
      return applied(formula, index, work);
    default:
      return null;
  }
}

function applied({ name, of, by }: Extract<Formula, { kind: 'call' }>, index: number, work: Work): bigint | null {
  if (by?.kind === 'tuple') return over(name, of, by.items, index, work);
  if (name !== 'factorial') return null;
  const value = exactValue(of, work);
  if (value?.denominator !== 1n || value.numerator < 0n || value.numerator > MOST_FACTORS) return null;
  const last = Number(value.numerator);
  if (!work.spend(2 * last)) return null;
  let total = 1n;
  for (let factor = 2; factor <= last; factor++) total = (total * BigInt(factor)) % PRIME;
  return total;
}

/** A sum or integral is not worked out: two are the same where their parts are, which drawn factors tell. */
function over(name: string, of: Formula, bounds: readonly Formula[], index: number, work: Work): bigint | null {
  let total = BigInt(draw(name, 0));
  for (const [i, part] of [of, ...bounds].entries()) {
    const value = part.kind === 'infinity' ? 77n : modularValue(part, index, work);
    if (value === null) return null;
    total = (total + value * BigInt(draw(name, i + 1))) % PRIME;
  }
  return total;
}

const modulo = (value: bigint, by = PRIME): bigint => ((value % by) + by) % by;

function quotient(above: bigint, below: bigint, work: Work): bigint | null {
  if (below === 1n) return above;
  if (below === 0n || !work.spend(200)) return null;
  return (above * raised(below, PRIME - 2n)) % PRIME;
}

function raised(base: bigint, exponent: bigint): bigint {
  let total = 1n;
  for (let square = base; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) total = (total * square) % PRIME;
    square = (square * square) % PRIME;
  }
  return total;
}
