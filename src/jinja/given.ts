import { failure } from './fault.js';
import { numberOf } from './numeric.js';
import { textOf, typeName, type Given, type Value } from './values.js';

/** Arguments by the names of a function's parameters, in their order; undefined where one was not given. */
export function bind(
  name: string,
  { positional, named }: Given,
  parameters: readonly string[],
  { required = 0, positionalOnly = false } = {},
): (Value | undefined)[] {
  if (positional.length > parameters.length)
    throw failure(
      `${name}() takes at most ${String(parameters.length)} arguments (${String(positional.length)} given)`,
    );
  const bound: (Value | undefined)[] = parameters.map((_, i) => positional[i]);
  for (const [key, value] of named) {
    const at = positionalOnly ? -1 : parameters.indexOf(key);
    if (at === -1) throw failure(`${name}() got an unexpected keyword argument '${key}'`);
    if (at < positional.length) throw failure(`${name}() got multiple values for argument '${key}'`);
    bound[at] = value;
  }
  const missing = bound.findIndex((value, i) => i < required && value === undefined);
  if (missing !== -1) throw failure(`${name}() missing required argument '${parameters[missing]!}'`);
  return bound;
}

/** A whole number that counts or points at something. */
export function integerOf(value: Value): number {
  if (typeof value !== 'bigint' && typeof value !== 'boolean')
    throw failure(`'${typeName(value)}' object cannot be interpreted as an integer`);
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(numberOf(value))));
}

/** A place in a sequence, which counts from the end where it is negative; it may lie beyond the end. */
export function placeOf(value: Value, length: number): number {
  const place = integerOf(value);
  return place < 0 ? Math.max(0, place + length) : place;
}

/** A text, safe or not. */
export function stringOf(value: Value, what: string): string {
  const text = textOf(value);
  if (text === undefined) throw failure(`${what} must be str, not ${typeName(value)}`);
  return text;
}
