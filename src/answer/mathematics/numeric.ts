import { exactValue } from './exact.js';
import type { Formula } from './formula.js';
import { draw } from './points.js';
import type { Work } from './work.js';

/** A complex number and how far rounding may have carried it; `free`: it depends on a symbol. */
export interface Numeric {
  re: number;
  im: number;
  error: number;
  free: boolean;
}

const EPSILON = 2 ** -52;
const size = (a: Numeric): number => Math.hypot(a.re, a.im);
const real = (re: number, error = Math.abs(re) * EPSILON, free = false): Numeric => ({ re, im: 0, error, free });

/**
 * The value of an expression in floating point with a bound of its rounding error, its symbols at the point `index`: real
 * numbers between -3 and 3, positive ones from the point 6 on. Null where it has none: at a pole, beyond what a double holds, at a
 * root or logarithm of a negative expression with symbols, where the error outgrows the value.
 */
export function numericValue(formula: Formula, index: number, work: Work, angle = false): Numeric | null {
  if (!work.spend(3)) return null;
  const value = valueOf(formula, index, work, angle);
  return value !== null && Number.isFinite(value.re) && Number.isFinite(value.im) && Number.isFinite(value.error)
    ? value
    : null;
}

function valueOf(formula: Formula, index: number, work: Work, angle: boolean): Numeric | null {
  const of = (part: Formula): Numeric | null => numericValue(part, index, work, angle);
  switch (formula.kind) {
    case 'number':
      return real(asDouble(formula.value.numerator, formula.value.denominator));
    case 'symbol': {
      const unit = draw(formula.name, index) / 2 ** 32;
      const magnitude = 0.3 + 2.6 * unit;
      return real(index < 6 && draw(formula.name, index + 100) % 2 === 1 ? -magnitude : magnitude, 0, true);
    }
    case 'constant':
      return formula.name === 'i'
        ? { re: 0, im: 1, error: 0, free: false }
        : real(formula.name === 'pi' ? Math.PI : Math.E);
    case 'sum':
    case 'product': {
      let total: Numeric | null = real(formula.kind === 'sum' ? 0 : 1, 0);
      for (const part of formula.of) {
        const value = of(part);
        if (value === null) return null;
        total = formula.kind === 'sum' ? sum(total, value) : product(total, value);
      }
      return total;
    }
    case 'negative': {
      const value = of(formula.of);
      return value === null ? null : { ...value, re: -value.re, im: -value.im };
    }
    case 'percent': {
      const value = of(formula.of);
      return value === null ? null : product(value, real(0.01));
    }
    case 'degree': {
      const value = of(formula.of);
      return value === null ? null : angle ? product(value, real(Math.PI / 180)) : value;
    }
    case 'quotient': {
      const [above, below] = [of(formula.above), of(formula.below)];
      return above === null || below === null ? null : quotient(above, below);
    }
    case 'power': {
      const base = of(formula.base);
      if (base === null) return null;
      const exact = exactValue(formula.exponent, work);
      if (exact !== null && exact.denominator < 1000n) return rationalPower(base, exact.numerator, exact.denominator);
      const exponent = of(formula.exponent);
      return exponent === null ? null : power(base, exponent);
    }
    case 'call':
      return called(formula, index, work, of);
    default:
      return null;
  }
}

function asDouble(numerator: bigint, denominator: bigint): number {
  const [above, below] = [Number(numerator), Number(denominator)];
  if (Number.isFinite(above) && Number.isFinite(below)) return above / below;
  return NaN;
}

function sum(a: Numeric, b: Numeric): Numeric {
  const [re, im] = [a.re + b.re, a.im + b.im];
  return { re, im, error: a.error + b.error + EPSILON * Math.hypot(re, im), free: a.free || b.free };
}

function product(a: Numeric, b: Numeric): Numeric {
  const [re, im] = [a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re];
  const [sizeA, sizeB] = [size(a), size(b)];
  const error = sizeA * b.error + sizeB * a.error + a.error * b.error + 3 * EPSILON * sizeA * sizeB;
  return { re, im, error, free: a.free || b.free };
}

function quotient(a: Numeric, b: Numeric): Numeric | null {
  const below = size(b);
  if (below <= 4 * b.error || below === 0) return null;
  const square = below * below;
  const [re, im] = [(a.re * b.re + a.im * b.im) / square, (a.im * b.re - a.re * b.im) / square];
  const value = Math.hypot(re, im);
  return {
    re,
    im,
    error: (a.error + value * b.error) / (below - b.error) + 6 * EPSILON * value,
    free: a.free || b.free,
  };
}

/** Of a real number, with the slope of the function there. */
function applied(a: Numeric, value: number, slope: number): Numeric | null {
  if (Math.abs(a.im) > 4 * a.error) return null;
  return { re: value, im: 0, error: Math.abs(slope) * a.error + 4 * EPSILON * Math.abs(value) + 1e-300, free: a.free };
}

function exponential(a: Numeric): Numeric {
  const scale = Math.exp(a.re);
  const [re, im] = a.im === 0 ? [scale, 0] : [scale * Math.cos(a.im), scale * Math.sin(a.im)];
  return { re, im, error: scale * (a.error + EPSILON * (4 + size(a))), free: a.free };
}

/** Null of a negative expression with symbols: the reader takes it for positive. */
function logarithm(a: Numeric): Numeric | null {
  const value = size(a);
  if (value <= 4 * a.error) return null;
  if (a.free && (a.re < 0 || Math.abs(a.im) > 4 * a.error)) return null;
  const re = Math.log(value);
  return {
    re,
    im: Math.atan2(a.im, a.re),
    error: a.error / (value - a.error) + 4 * EPSILON * (1 + Math.abs(re)),
    free: a.free,
  };
}

function power(base: Numeric, exponent: Numeric): Numeric | null {
  const log = logarithm(base);
  return log === null ? null : exponential(product(log, exponent));
}

function rationalPower(base: Numeric, numerator: bigint, denominator: bigint): Numeric | null {
  if (denominator === 1n) {
    const times = numerator < 0n ? -numerator : numerator;
    if (times <= 64n) {
      let total = real(1, 0);
      for (let i = 0n; i < times; i++) total = product(total, base);
      return numerator < 0n ? quotient(real(1, 0), total) : total;
    }
    if (size(base) === 0) return numerator > 0n ? real(0, 0) : null;
    const log = logarithm({ ...base, free: false });
    return log === null ? null : { ...exponential(product(log, real(Number(numerator)))), free: base.free };
  }
  const rooted = root(base, Number(denominator));
  return rooted === null ? null : rationalPower(rooted, numerator, 1n);
}

/** The principal root; the real one of a negative number of odd degree. */
function root(a: Numeric, degree: number): Numeric | null {
  if (!(degree >= 1)) return null;
  const value = size(a);
  if (value <= a.error)
    return a.error === 0 ? { ...a } : { re: 0, im: 0, error: a.error ** (1 / degree), free: a.free };
  const isReal = Math.abs(a.im) <= 4 * a.error;
  const magnitude = degree === 2 ? Math.sqrt(value) : value ** (1 / degree);
  const error = (magnitude * a.error) / (degree * value) + 4 * EPSILON * magnitude;
  if (isReal && (a.re > 0 || degree % 2 === 1)) return { re: Math.sign(a.re) * magnitude, im: 0, error, free: a.free };
  if (a.free) return null;
  const turn = Math.atan2(a.im, a.re) / degree;
  if (isReal && degree === 2) return { re: 0, im: magnitude, error, free: false };
  return {
    re: magnitude * Math.cos(turn),
    im: magnitude * Math.sin(turn),
    error: error + 4 * EPSILON * magnitude,
    free: false,
  };
}

function called(
  { name, of, by }: Extract<Formula, { kind: 'call' }>,
  index: number,
  work: Work,
  read: (part: Formula) => Numeric | null,
): Numeric | null {
  if (name === 'factorial' || name === 'factorial2' || name === 'binom') {
    const value = exactValue({ kind: 'call', name, of, ...(by !== undefined && { by }) }, work);
    return value === null ? null : real(asDouble(value.numerator, value.denominator));
  }
  const isAngle = ANGLES.has(name);
  const a = isAngle ? numericValue(of, index, work, true) : read(of);
  if (a === null) return null;
  const x = a.re;
  switch (name) {
    case 'root': {
      const degree = by === undefined ? real(2, 0) : read(by);
      return degree?.im !== 0 || !Number.isInteger(degree.re) ? null : root(a, degree.re);
    }
    case 'abs':
      return real(size(a), a.error + EPSILON * size(a), a.free);
    case 'floor':
    case 'ceil':
      return Math.abs(x - Math.round(x)) <= 4 * a.error && a.error > 0
        ? null
        : applied(a, name === 'floor' ? Math.floor(x) : Math.ceil(x), 0);
    case 'ln':
      return logarithm(a);
    case 'log':
    case 'lg': {
      const base = by === undefined ? real(10, 0) : read(by);
      const [above, below] = [logarithm(a), base === null ? null : logarithm(base)];
      return above === null || below === null ? null : quotient(above, below);
    }
    case 'exp':
      return exponential(a);
    case 'sin':
      return applied(a, Math.sin(x), Math.cos(x));
    case 'cos':
      return applied(a, Math.cos(x), Math.sin(x));
    case 'tan':
      return inverse(applied(a, Math.cos(x), Math.sin(x)), applied(a, Math.sin(x), Math.cos(x)));
    case 'cot':
      return inverse(applied(a, Math.sin(x), Math.cos(x)), applied(a, Math.cos(x), Math.sin(x)));
    case 'sec':
      return inverse(applied(a, Math.cos(x), Math.sin(x)), real(1, 0));
    case 'csc':
      return inverse(applied(a, Math.sin(x), Math.cos(x)), real(1, 0));
    case 'arcsin':
      return Math.abs(x) >= 1 ? edge(a, Math.asin(Math.sign(x))) : applied(a, Math.asin(x), 1 / Math.sqrt(1 - x * x));
    case 'arccos':
      return Math.abs(x) >= 1 ? edge(a, Math.acos(Math.sign(x))) : applied(a, Math.acos(x), 1 / Math.sqrt(1 - x * x));
    case 'arctan':
      return applied(a, Math.atan(x), 1 / (1 + x * x));
    case 'sinh':
      return applied(a, Math.sinh(x), Math.cosh(x));
    case 'cosh':
      return applied(a, Math.cosh(x), Math.sinh(x));
    case 'tanh':
      return applied(a, Math.tanh(x), 1);
    default:
      return null;
  }
}

const ANGLES: ReadonlySet<string> = new Set(['sin', 'cos', 'tan', 'cot', 'sec', 'csc']);

const inverse = (below: Numeric | null, above: Numeric | null): Numeric | null =>
  below === null || above === null ? null : quotient(above, below);

const edge = (a: Numeric, value: number): Numeric | null =>
  Math.abs(Math.abs(a.re) - 1) <= 4 * a.error + EPSILON
    ? applied({ ...a, error: Math.sqrt(a.error + EPSILON) }, value, 1)
    : null;
