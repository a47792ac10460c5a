/** An exact number: numerator over a positive denominator, in lowest terms. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Most digits of a number and most places of an exponent. Beyond, a text is not taken for a number, and costs nothing. */
export const MAX_DIGITS = 400;

function rational(numerator: bigint, denominator = 1n): Rational | null {
  if (denominator === 0n) return null;
  const sign = denominator < 0n ? -1n : 1n;
  const divisor = gcd(numerator < 0n ? -numerator : numerator, denominator * sign) * sign;
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

/** A whole number as a rational one. */
export function whole(value: number): Rational {
  return { numerator: BigInt(value), denominator: 1n };
}

export const ONE_HALF: Rational = { numerator: 1n, denominator: 2n };

/** `digits` is decimal digits with at most one point; the value is digits x 10^exponent. Null past MAX_DIGITS. */
export function decimal(digits: string, exponent = 0): Rational | null {
  const point = digits.indexOf('.');
  const places = point < 0 ? 0 : digits.length - point - 1;
  const scale = exponent - places;
  if (digits.length > MAX_DIGITS || !(Math.abs(scale) <= MAX_DIGITS)) return null;
  const value = BigInt(digits.replace('.', '') || '0');
  return scale >= 0 ? rational(value * 10n ** BigInt(scale)) : rational(value, 10n ** BigInt(-scale));
}

export function multiply(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.numerator, a.denominator * b.denominator)!;
}

export function divide(a: Rational, b: Rational): Rational | null {
  return rational(a.numerator * b.denominator, a.denominator * b.numerator);
}

export function add(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator)!;
}

export function negate(a: Rational): Rational {
  return { numerator: -a.numerator, denominator: a.denominator };
}

export function equal(a: Rational, b: Rational): boolean {
  return a.numerator === b.numerator && a.denominator === b.denominator;
}

function gcd(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a === 0n ? 1n : a;
}
