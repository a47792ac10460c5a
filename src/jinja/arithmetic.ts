import type { Budget } from './budget.js';
import { failure, unsupported } from './fault.js';
import { escapeHtml } from './markup.js';
import type { BinaryOperator } from './nodes.js';
import { isNumeric, magnitude, numberOf, toFloat } from './numeric.js';
import { formatPercent } from './percent_format.js';
import type { Printer } from './print.js';
import { integerOf } from './given.js';
import { DictView, itemsOf, Markup, refuseUndefined, sameKind, textOf, Tuple, typeName, type Value } from './values.js';

type Num = bigint | number;

/** Python's binary operators. @throws TemplateFault of types that do not go together. */
export function calculate(sign: BinaryOperator, a: Value, b: Value, printer: Printer): Value {
  const { budget } = printer;
  refuseUndefined(a);
  if (sign === '%') {
    if (typeof a === 'string') return formatPercent(a, b, printer);
    if (a instanceof Markup) return new Markup(formatPercent(a.text, b, printer, true));
  }
  refuseUndefined(b);
  if (isNumeric(a) && isNumeric(b)) return numbers(sign, numberOf(a), numberOf(b), budget);
  const joined = sign === '+' ? concatenated(a, b, budget) : sign === '*' ? repeated(a, b, budget) : undefined;
  if (joined !== undefined) return joined;
  if (sign === '-' && a instanceof DictView) throw unsupported('sets');
  const named = sign === '**' ? '** or pow()' : sign;
  throw failure(`unsupported operand type(s) for ${named}: '${typeName(a)}' and '${typeName(b)}'`);
}

function numbers(sign: BinaryOperator, a: Num, b: Num, budget: Budget): Num {
  if (typeof a === 'bigint' && typeof b === 'bigint') return integers(sign, a, b, budget);
  const [x, y] = [toFloat(a), toFloat(b)];
  switch (sign) {
    case '+':
      return x + y;
    case '-':
      return x - y;
    case '*':
      return x * y;
    case '/':
      if (y === 0) throw failure('float division by zero');
      return x / y;
    case '//':
      if (y === 0) throw failure('float floor division by zero');
      return floorDivide(x, y);
    case '%':
      if (y === 0) throw failure('float modulo');
      return modulo(x, y);
    case '**':
      return power(x, y);
  }
}

function integers(sign: BinaryOperator, a: bigint, b: bigint, budget: Budget): Num {
  switch (sign) {
    case '+':
    case '-':
      budget.integer(Math.max(bits(a), bits(b)) + 1);
      return sign === '+' ? a + b : a - b;
    case '*':
      budget.integer(bits(a) + bits(b));
      return a * b;
    case '/':
      if (b === 0n) throw failure('division by zero');
      return ratio(a, b);
    case '//':
    case '%': {
      if (b === 0n) throw failure('integer division or modulo by zero');
      const rest = a % b;
      const below = rest !== 0n && rest < 0n !== b < 0n;
      if (sign === '%') return below ? rest + b : rest;
      return a / b - (below ? 1n : 0n);
    }
    case '**':
      if (b < 0n) return power(toFloat(a), toFloat(b));
      if (a !== 0n && a !== 1n && a !== -1n) budget.integer(bits(a) * Number(b));
      return a ** b;
  }
}

const bits = (value: bigint): number => (value.toString(16).length + 1) * 4;

/** The quotient nearest to the true one, whatever the size of the two. */
function ratio(a: bigint, b: bigint): number {
  const [x, y] = [Number(a), Number(b)];
  if (Number.isSafeInteger(x) && Number.isSafeInteger(y)) return x / y;
  const negative = a < 0n !== b < 0n;
  const [n, d] = [magnitude(a), magnitude(b)];
  const shift = Math.max(0, bits(d) - bits(n) + 128);
  let quotient = (n << BigInt(shift)) / d;
  if (quotient * d !== n << BigInt(shift)) quotient |= 1n;
  const value = toFloat(quotient) / 2 ** shift;
  return negative ? -value : value;
}

function modulo(x: number, y: number): number {
  const rest = x % y;
  if (rest !== 0) return rest < 0 !== y < 0 ? rest + y : rest;
  return y < 0 ? -0 : 0;
}

function floorDivide(x: number, y: number): number {
  const quotient = (x - modulo(x, y)) / y;
  if (quotient === 0) return x < 0 !== y < 0 ? -0 : 0;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

function power(x: number, y: number): number {
  if (x === 0 && y < 0) throw failure('0.0 cannot be raised to a negative power');
  if (x < 0 && Number.isFinite(x) && Number.isFinite(y) && !Number.isInteger(y)) throw unsupported('complex numbers');
  if (x === 1 || (x === -1 && !Number.isFinite(y) && !Number.isNaN(y))) return 1;
  const result = x ** y;
  if (!Number.isFinite(result) && Number.isFinite(x) && Number.isFinite(y))
    throw failure("(34, 'Numerical result out of range')");
  return result;
}

function concatenated(a: Value, b: Value, budget: Budget): Value | undefined {
  const [text, other] = [textOf(a), textOf(b)];
  if (text !== undefined) {
    if (other === undefined) throw failure(`can only concatenate str (not "${typeName(b)}") to str`);
    budget.text(text.length + other.length);
    if (!(a instanceof Markup) && !(b instanceof Markup)) return text + other;
    return new Markup(escapeHtml(a, text) + escapeHtml(b, other));
  }
  const [items, others] = [itemsOf(a), itemsOf(b)];
  if (items === undefined) return undefined;
  if (others === undefined || Array.isArray(a) !== Array.isArray(b))
    throw failure(`can only concatenate ${typeName(a)} (not "${typeName(b)}") to ${typeName(a)}`);
  budget.spend(items.length + others.length);
  const all = [...items, ...others];
  return Array.isArray(a) ? all : new Tuple(all);
}

function repeated(a: Value, b: Value, budget: Budget): Value | undefined {
  const [sequence, count] = isNumeric(a) ? [b, a] : [a, b];
  const [text, items] = [textOf(sequence), itemsOf(sequence)];
  if (text === undefined && items === undefined) return undefined;
  if (typeof count !== 'bigint' && typeof count !== 'boolean')
    throw failure(`can't multiply sequence by non-int of type '${typeName(count)}'`);
  const times = Math.max(0, integerOf(count));
  if (text !== undefined) {
    budget.text(text.length * times);
    return sameKind(sequence, text === '' ? '' : text.repeat(times));
  }
  budget.spend(items!.length * times);
  const all = items!.length === 0 ? [] : Array.from({ length: times }, () => items!).flat();
  return Array.isArray(sequence) ? all : new Tuple(all);
}

export function signed(kind: 'negative' | 'positive', value: Value): Value {
  refuseUndefined(value);
  if (!isNumeric(value))
    throw failure(`bad operand type for unary ${kind === 'negative' ? '-' : '+'}: '${typeName(value)}'`);
  const number = numberOf(value);
  return kind === 'negative' ? -number : number;
}
