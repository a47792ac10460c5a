import type { Budget } from './budget.js';
import { Dict, type Value } from './values.js';

/** A whole number that JSON writes as a float (`2.0`): an int for JavaScript, and none for Python. */
export class WholeFloat {
  constructor(readonly value: number) {}
}

/** A JSON value as Python's json module gives it; numbers that {@link readJson} has not read are ints where they are whole. */
export function fromJson(value: unknown, budget: Budget): Value {
  budget.spend();
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (value instanceof WholeFloat) return value.value;
  if (Array.isArray(value)) return budget.within(() => value.map((item) => fromJson(item, budget)));
  const dict = new Dict();
  budget.within(() => {
    for (const [key, item] of Object.entries(value)) if (item !== undefined) dict.set(key, fromJson(item, budget));
  });
  return dict;
}

/** Strings, which stay as they are, and numbers. */
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;

/** `JSON.parse` that keeps floats floats and large whole numbers exact. @throws SyntaxError */
export function readJson(text: string): unknown {
  JSON.parse(text);
  let mark = '<number>';
  while (text.includes(mark)) mark = `<${mark}>`;
  const marked = text.replace(STRING_OR_NUMBER, (part) =>
    part.startsWith('"') || isPlain(part) ? part : `"${mark}${part}"`,
  );
  return JSON.parse(marked, (_, value: unknown) => {
    if (typeof value !== 'string' || !value.startsWith(mark)) return value;
    const digits = value.slice(mark.length);
    return /[.eE]/.test(digits) ? new WholeFloat(Number(digits)) : BigInt(digits);
  });
}

/** Whether JavaScript's number tells an int from a float, and is exact. */
function isPlain(digits: string): boolean {
  const value = Number(digits);
  if (/[.eE]/.test(digits)) return !Number.isInteger(value);
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}
