import type { Budget } from '../budget.js';
import { failure, unsupported } from '../fault.js';
import { fixed, halfEven } from '../float_format.js';
import { bind, integerOf } from '../given.js';
import { isNumeric, magnitude, numberOf, toFloat } from '../numeric.js';
import type { Filter } from '../runtime.js';
import { strip } from '../text.js';
import { refuseUndefined, textOf, typeName, type Value } from '../values.js';

function numeric(name: string, value: Value): bigint | number {
  refuseUndefined(value);
  if (!isNumeric(value)) throw failure(`${name} needs a number, not '${typeName(value)}' object`);
  return numberOf(value);
}

export const NUMBER_FILTERS: Record<string, Filter> = {
  abs: (value, args) => {
    bind('abs', args, []);
    const number = numeric('abs', value);
    return typeof number === 'bigint' ? magnitude(number) : Math.abs(number);
  },
  int: (value, args, { budget }) => {
    const [fallback = 0n, base = 10n] = bind('int', args, ['default', 'base']);
    refuseUndefined(value);
    const text = textOf(value);
    if (text === undefined) {
      if (!isNumeric(value)) return fallback;
      const number = numberOf(value);
      if (typeof number === 'bigint') return number;
      if (Number.isNaN(number)) return fallback;
      if (!Number.isFinite(number)) throw failure('cannot convert float infinity to integer');
      return BigInt(Math.trunc(number));
    }
    const whole = parseInteger(text, integerOf(base), budget);
    if (whole !== undefined) return whole;
    const float = parseFloat(text);
    return float === undefined || !Number.isFinite(float) ? fallback : BigInt(Math.trunc(float));
  },
  float: (value, args) => {
    const [fallback = 0] = bind('float', args, ['default']);
    refuseUndefined(value);
    const text = textOf(value);
    if (text !== undefined) return parseFloat(text) ?? fallback;
    return isNumeric(value) ? toFloat(numberOf(value)) : fallback;
  },
  round: (value, args) => {
    const [precision = 0n, method = 'common'] = bind('round', args, ['precision', 'method']);
    const name = textOf(method);
    if (name !== 'common' && name !== 'ceil' && name !== 'floor') throw failure('method must be common, ceil or floor');
    const number = numeric('round', value);
    const digits = integerOf(precision);
    if (Math.abs(digits) > 400) throw failure('round() to more digits than a number has');
    if (name === 'common')
      return typeof number === 'bigint' ? roundInteger(number, digits) : roundFloat(number, digits);
    const scale = 10 ** digits;
    const scaled = toFloat(number) * scale;
    if (!Number.isFinite(scaled)) throw failure('cannot convert float infinity or NaN to integer');
    return (name === 'ceil' ? Math.ceil(scaled) : Math.floor(scaled)) / scale + 0;
  },
};

function roundInteger(value: bigint, digits: number): bigint {
  if (digits >= 0) return value;
  const unit = 10n ** BigInt(-digits);
  const rounded = halfEven(magnitude(value), unit) * unit;
  return value < 0n ? -rounded : rounded;
}

function roundFloat(value: number, digits: number): number {
  if (!Number.isFinite(value)) return value;
  if (digits >= 0) return Number(fixed(value, Math.min(digits, 340)));
  const unit = 10 ** -digits;
  return Number(fixed(value / unit, 0)) * unit;
}

/** Python's `int(text, base)`; undefined where it is no whole number. */
function parseInteger(text: string, base: number, budget: Budget): bigint | undefined {
  if (base !== 0 && (base < 2 || base > 36)) return undefined;
  if (/[^\0-\x7f]/.test(text) && /\p{Nd}/u.test(text.replace(/[0-9]/g, '')))
    throw unsupported('digits of other scripts in numbers');
  const match = /^([-+]?)(?:0([xXoObB])_?)?([0-9a-zA-Z]+(?:_[0-9a-zA-Z]+)*)$/.exec(strip(text, undefined, true, true));
  if (match === null) return undefined;
  const [, sign, prefix, body] = match;
  let digits = body!.replaceAll('_', '').toLowerCase();
  const named = prefix === undefined ? undefined : { x: 16, o: 8, b: 2 }[prefix.toLowerCase()];
  if (prefix !== undefined && named !== base && base !== 0) digits = `0${prefix.toLowerCase()}${digits}`;
  const radix = base === 0 ? (named ?? 10) : base;
  if (base === 0 && named === undefined && /^0+[1-9]/.test(digits)) return undefined;
  if (digits.length > 4300 && (radix & (radix - 1)) !== 0) return undefined;
  if ([...digits].some((digit) => parseInt(digit, 36) >= radix)) return undefined;
  budget.integer(digits.length * Math.log2(radix));
  let value = 0n;
  for (const digit of digits) value = value * BigInt(radix) + BigInt(parseInt(digit, 36));
  return sign === '-' ? -value : value;
}

/** Python's `float(text)`; undefined where it is no number. */
function parseFloat(text: string): number | undefined {
  const inner = strip(text, undefined, true, true);
  const special = /^([-+]?)(?:(inf|infinity)|nan)$/i.exec(inner);
  if (special) return special[2] === undefined ? NaN : special[1] === '-' ? -Infinity : Infinity;
  if (!/^[-+]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[-+]?\d+(?:_\d+)*)?$/i.test(inner))
    return undefined;
  return Number(inner.replaceAll('_', ''));
}
