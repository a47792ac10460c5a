import type { Budget } from './budget.js';
import { characters, lengthOf } from './characters.js';
import { failure } from './fault.js';
import {
  Dict,
  DictView,
  Lazy,
  Markup,
  Range,
  textOf,
  Thing,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.js';

/** Python's `iter`: each element is paid for. @throws TemplateFault where a value has no elements. */
export function* iterate(
  value: Value,
  budget: Budget,
  message = (type: string) => `'${type}' object is not iterable`,
): Generator<Value> {
  const elements = elementsOf(value);
  if (elements === undefined) throw failure(message(typeName(value)));
  for (let next = elements.next(); next.done !== true; next = elements.next()) {
    budget.spend();
    yield next.value;
  }
}

export const isIterable = (value: Value): boolean => elementsOf(value) !== undefined;

function elementsOf(value: Value): Iterator<Value> | undefined {
  if (Array.isArray(value)) return value.values();
  if (typeof value === 'string') return characters(value).values();
  if (value instanceof Tuple) return value.items.values();
  if (value instanceof Dict) return value.keys();
  if (value instanceof DictView) return value[Symbol.iterator]();
  if (value instanceof Range) return rangeElements(value);
  if (value instanceof Lazy) return value.items;
  if (value instanceof Markup) return characters(value.text).values();
  return value instanceof Undefined ? [].values() : undefined;
}

function* rangeElements(range: Range): Generator<Value> {
  for (let i = 0; i < range.length; i++) yield range.at(i);
}

export function toList(value: Value, budget: Budget): Value[] {
  return [...iterate(value, budget)];
}

/** Python's `len`; undefined where a value has none. */
export function sizeOf(value: Value): number | undefined {
  const text = textOf(value);
  if (text !== undefined) return lengthOf(text);
  if (Array.isArray(value)) return value.length;
  return value instanceof Thing ? value.size() : undefined;
}
