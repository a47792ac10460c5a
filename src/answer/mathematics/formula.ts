import { whole, type Rational } from '../rational.js';

/** A mathematical answer as it was read: a scalar expression, or what holds several of them. */
export type Formula = Scalar | Structure;

/** What has one value at every point of its symbols. */
export type Scalar =
  /** `places`: digits behind the point, where it was written as a decimal; 0 else. */
  | { kind: 'number'; value: Rational; places: number }
  | { kind: 'symbol'; name: string }
  | { kind: 'constant'; name: 'pi' | 'e' | 'i' }
  | { kind: 'infinity' }
  | { kind: 'sum' | 'product'; of: readonly Formula[] }
  | { kind: 'negative' | 'percent' | 'degree'; of: Formula }
  | { kind: 'quotient'; above: Formula; below: Formula }
  | { kind: 'power'; base: Formula; exponent: Formula }
  /** `by`: the degree of a root, the base of a logarithm, what a binomial chooses. */
  | { kind: 'call'; name: string; of: Formula; by?: Formula };

export type Structure =
  /** A tuple or an interval: (a, b), [a, b). */
  | { kind: 'tuple'; open: '(' | '['; close: ')' | ']'; items: readonly Formula[] }
  | { kind: 'set'; items: readonly Formula[] }
  /** Answers side by side: with commas, "and", "or". `free`: an order is not meant. */
  | { kind: 'list'; items: readonly Formula[]; free: boolean }
  | { kind: 'union'; parts: readonly Formula[] }
  | { kind: 'difference'; from: Formula; without: Formula }
  | { kind: 'matrix'; rows: readonly (readonly Formula[])[] }
  /** `name`: the left side, where it only names the answer (x, f(x), AB). */
  | { kind: 'relation'; sides: readonly Formula[]; signs: readonly RelationSign[]; name: string | null }
  | { kind: 'ratio'; parts: readonly Formula[] }
  /** `left`: what is congruent to it, such as x; null where only a value is given: 3 (mod 5). */
  | { kind: 'congruence'; left: Formula | null; value: Formula; modulus: Formula }
  /** A number in another base than ten: 204_5. */
  | { kind: 'based'; digits: string; base: string }
  /** Parts from the greatest to the smallest: a time of the day in minutes and seconds, a date. */
  | { kind: 'time' | 'date'; parts: readonly (number | null)[] }
  | { kind: 'text'; text: string };

export type RelationSign = '=' | '≠' | '<' | '≤' | '>' | '≥' | '∈' | '≡';

export const numeral = (value: number): Scalar => ({ kind: 'number', value: whole(value), places: 0 });

export const negative = (of: Formula): Scalar => ({ kind: 'negative', of });

/** Of two factors, or of a product and one more. */
export function product(a: Formula, b: Formula): Scalar {
  return { kind: 'product', of: a.kind === 'product' ? [...a.of, b] : [a, b] };
}

/** A key that equal trees share. */
export function keyOf(formula: Formula): string {
  return JSON.stringify(formula, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}
