import { add, decimal, divide, type Rational } from '../rational.js';

/** A proper fraction of whole numbers in digits; null where it is none. */
export function fractionOf(above: string, below: string): Rational | null {
  if (!/^\d{1,20}$/.test(above) || !/^\d{1,20}$/.test(below) || Number(above) >= Number(below)) return null;
  return divide(decimal(above)!, decimal(below)!);
}

/** 12, 1.5, 1e5, 0.1(6). */
export function rationalOf(text: string): Rational | null {
  const repeating = /^(\d*\.\d*)\((\d+)\)$/.exec(text);
  if (repeating !== null) {
    const [, head, tail] = repeating as unknown as [string, string, string];
    const places = head.length - head.indexOf('.') - 1;
    const start = decimal(head);
    const part = decimal(tail, -places);
    const nines = decimal('9'.repeat(tail.length));
    return start === null || part === null || nines === null ? null : add(start, divide(part, nines)!);
  }
  const [digits, exponent] = text.split(/e/i) as [string, string?];
  return decimal(digits, exponent === undefined ? 0 : Number(exponent));
}
