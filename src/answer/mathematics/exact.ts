import { add, divide, multiply, negate, whole, type Rational } from '../rational.js';
import type { Formula } from './formula.js';
import type { Work } from './work.js';

/** Numerators and denominators beyond are not worked out. */
const BITS = 2048;
const TOO_LARGE = 1n << BigInt(BITS);
const MOST_FACTORS = 250;

/** The exact value of an expression of rational numbers; null of any other, and of one that is too large. */
export function exactValue(formula: Formula, work: Work): Rational | null {
  if (!work.spend(4)) return null;
  const value = valueOf(formula, work);
  if (value === null) return null;
  const { numerator, denominator } = value;
  return numerator > TOO_LARGE || numerator < -TOO_LARGE || denominator > TOO_LARGE ? null : value;
}

function valueOf(formula: Formula, work: Work): Rational | null {
  const of = (part: Formula): Rational | null => exactValue(part, work);
  switch (formula.kind) {
    case 'number':
      return formula.value;
    case 'sum':
    case 'product': {
      let total = whole(formula.kind === 'sum' ? 0 : 1);
      for (const part of formula.of) {
        const value = of(part);
        if (value === null) return null;
        total = formula.kind === 'sum' ? add(total, value) : multiply(total, value);
        if (total.numerator > TOO_LARGE || total.denominator > TOO_LARGE) return null;
      }
      return total;
    }
    case 'negative': {
      const value = of(formula.of);
      return value === null ? null : negate(value);
    }
    case 'percent': {
      const value = of(formula.of);
      return value === null ? null : divide(value, whole(100));
    }
    case 'quotient': {
      const [above, below] = [of(formula.above), of(formula.below)];
      return above === null || below === null ? null : divide(above, below);
    }
    case 'power': {
      const [base, exponent] = [of(formula.base), of(formula.exponent)];
      return base === null || exponent === null ? null : power(base, exponent);
    }
    case 'call': {
      const value = of(formula.of);
      return value === null ? null : applied(formula.name, value, formula.by === undefined ? null : of(formula.by));
    }
    default:
      return null;
  }
}

function power(base: Rational, { numerator, denominator }: Rational): Rational | null {
  if (denominator !== 1n) return null;
  const size = numerator < 0n ? -numerator : numerator;
  if (size > BITS || Number(size) * Math.max(bits(base.numerator), bits(base.denominator)) > BITS) return null;
  const value = { numerator: base.numerator ** size, denominator: base.denominator ** size };
  return numerator < 0n ? divide(whole(1), value) : value;
}

const bits = (value: bigint): number => value.toString(16).length * 4;

function applied(name: string, value: Rational, by: Rational | null): Rational | null {
  const { numerator, denominator } = value;
  switch (name) {
    case 'abs':
      return numerator < 0n ? negate(value) : value;
    case 'floor':
      return { numerator: floored(numerator, denominator), denominator: 1n };
    case 'ceil':
      return { numerator: -floored(-numerator, denominator), denominator: 1n };
    case 'factorial':
    case 'factorial2': {
      if (denominator !== 1n || numerator < 0n || numerator > MOST_FACTORS) return null;
      let total = 1n;
      for (let factor = numerator; factor > 1n; factor -= name === 'factorial' ? 1n : 2n) total *= factor;
      return { numerator: total, denominator: 1n };
    }
    case 'binom': {
      if (by === null || denominator !== 1n || by.denominator !== 1n) return null;
      if (numerator < 0n || numerator > 1000n || by.numerator < 0n) return null;
      let total = 1n;
      const chosen = by.numerator * 2n > numerator ? numerator - by.numerator : by.numerator;
      if (chosen < 0n) return whole(0);
      if (chosen > MOST_FACTORS) return null;
      for (let i = 1n; i <= chosen; i++) total = (total * (numerator - chosen + i)) / i;
      return { numerator: total, denominator: 1n };
    }
    case 'root': {
      if (by?.denominator !== 1n || by.numerator < 2n || by.numerator > 16n) return null;
      const degree = by.numerator;
      if (numerator < 0n && degree % 2n === 0n) return null;
      const [above, below] = [rooted(numerator < 0n ? -numerator : numerator, degree), rooted(denominator, degree)];
      return above === null || below === null
        ? null
        : { numerator: numerator < 0n ? -above : above, denominator: below };
    }
    default:
      return null;
  }
}

const floored = (above: bigint, below: bigint): bigint =>
  above < 0n && above % below !== 0n ? above / below - 1n : above / below;

/** The whole root of a number that is a power, by Newton's steps; null of any other. */
function rooted(value: bigint, degree: bigint): bigint | null {
  if (value < 2n) return value;
  if (bits(value) > 512) return null;
  let root = 1n << (BigInt(bits(value)) / degree + 1n);
  for (;;) {
    const next = ((degree - 1n) * root + value / root ** (degree - 1n)) / degree;
    if (next >= root) break;
    root = next;
  }
  return root ** degree === value ? root : null;
}
