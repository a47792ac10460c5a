import { equal, type Rational } from '../rational.js';
import { exactValue } from './exact.js';
import { keyOf, negative, type Formula } from './formula.js';
import { modularValue } from './modular.js';
import { numericValue, type Numeric } from './numeric.js';
import type { Work } from './work.js';

/** Points at which expressions are compared, and how many of them both must have a value at. */
const POINTS = 12;
const ENOUGH = 3;
/** Places and digits from which on a decimal may stand for the other side: 0.333333 for 1/3, but neither 0.333 nor 0.000001. */
const ROUNDED_FROM = 6;
const DIGITS_FROM = 5;
/** Places that a double tells apart. */
const MOST_PLACES = 12;

/**
 * Whether two expressions have the same value at every point. Rational numbers and functions are compared exactly, others in
 * floating point within their own rounding error, at fixed points; what has no value anywhere is compared as it is written.
 */
export function equalValues(a: Formula, b: Formula, work: Work): boolean {
  const [x, y] = [exactValue(a, work), exactValue(b, work)];
  if (x !== null && y !== null) return equal(x, y) || isRounded(a, x, y) || isRounded(b, y, x);
  const modular = equalModular(a, b, work);
  if (modular !== null) return modular;
  const near = equalNumerically(a, b, work);
  if (near !== null) return near;
  return keyOf(a) === keyOf(b);
}

function equalModular(a: Formula, b: Formula, work: Work): boolean | null {
  for (const index of [0, 1]) {
    const x = modularValue(a, index, work);
    const y = x === null ? null : modularValue(b, index, work);
    if (x === null || y === null) return null;
    if (x !== y) return false;
  }
  return true;
}

function equalNumerically(a: Formula, b: Formula, work: Work): boolean | null {
  let compared = 0;
  for (let index = 0; index < POINTS; index++) {
    const x = numericValue(a, index, work);
    const y = x === null ? null : numericValue(b, index, work);
    if (x === null || y === null || !isSound(x) || !isSound(y)) continue;
    if (!isNear(x, y) && !isRoundedNear(a, x, y) && !isRoundedNear(b, y, x)) return false;
    if (++compared >= ENOUGH || !(x.free || y.free)) return true;
  }
  return null;
}

const isSound = ({ re, im, error }: Numeric): boolean => error <= 1e-9 * Math.max(1e-3, Math.hypot(re, im));

function isNear(x: Numeric, y: Numeric): boolean {
  return Math.hypot(x.re - y.re, x.im - y.im) <= 4 * (x.error + y.error) + 1e-300;
}

/** Whether the decimal `a` is `other` rounded to its places, or cut off there. */
function isRounded(a: Formula, value: Rational, other: Rational): boolean {
  const places = placesOf(a);
  if (places < ROUNDED_FROM) return false;
  const difference = value.numerator * other.denominator - other.numerator * value.denominator;
  const scaled = (difference < 0n ? -difference : difference) * 10n ** BigInt(places);
  return scaled < value.denominator * other.denominator;
}

function isRoundedNear(a: Formula, value: Numeric, other: Numeric): boolean {
  const places = placesOf(a);
  if (places < ROUNDED_FROM || places > MOST_PLACES || other.free) return false;
  return Math.hypot(value.re - other.re, value.im - other.im) < 10 ** -places;
}

/** Places behind the point of a decimal with digits enough; 0 of all others. */
function placesOf(formula: Formula): number {
  if (formula.kind === 'negative') return placesOf(formula.of);
  if (formula.kind !== 'number') return 0;
  const { value, places } = formula;
  return value.numerator * 10n ** BigInt(places) >= value.denominator * 10n ** BigInt(DIGITS_FROM - 1) ? places : 0;
}

/**
 * Whether one expression is the other times a constant, as the sides of equal equations are; `positive`: times a positive one.
 * False of two that are zero everywhere.
 */
export function areProportional(a: Formula, b: Formula, positive: boolean, work: Work): boolean {
  if (positive && !haveOneSign(a, b, work)) return false;
  const modular = proportionalModular(a, b, work);
  if (modular !== null) return modular;
  let first: [Numeric, Numeric] | null = null;
  let compared = 0;
  for (let index = 0; index < POINTS && compared < ENOUGH; index++) {
    const x = numericValue(a, index, work);
    const y = x === null ? null : numericValue(b, index, work);
    if (x === null || y === null || !isSound(x) || !isSound(y)) continue;
    if (first === null) {
      if (x.re !== 0 && y.re !== 0) first = [x, y];
      continue;
    }
    const [u, v] = first;
    const scale = Math.abs(x.re * v.re) + Math.abs(y.re * u.re);
    const error =
      scale * 1e-14 +
      4 * (Math.abs(u.re) * y.error + Math.abs(y.re) * u.error + Math.abs(v.re) * x.error + Math.abs(x.re) * v.error);
    if (Math.abs(x.re * v.re - y.re * u.re) > error) return false;
    compared++;
  }
  return compared >= ENOUGH;
}

function proportionalModular(a: Formula, b: Formula, work: Work): boolean | null {
  const values: [bigint, bigint][] = [];
  for (const index of [0, 1, 2]) {
    const x = modularValue(a, index, work);
    const y = x === null ? null : modularValue(b, index, work);
    if (x === null || y === null) return null;
    values.push([x, y]);
  }
  const [u, v] = values[0]!;
  if (u === 0n || v === 0n) return false;
  const prime = 2n ** 64n - 59n;
  return values.every(([x, y]) => (x * v - y * u) % prime === 0n);
}

function haveOneSign(a: Formula, b: Formula, work: Work): boolean {
  for (let index = 0; index < POINTS; index++) {
    const x = numericValue(a, index, work);
    const y = x === null ? null : numericValue(b, index, work);
    if (x !== null && y !== null && x.re !== 0 && y.re !== 0) return x.re > 0 === y.re > 0;
  }
  return false;
}

/** Left side minus right side. */
export const difference = (left: Formula, right: Formula): Formula => ({ kind: 'sum', of: [left, negative(right)] });
