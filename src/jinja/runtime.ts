import type { Budget } from './budget.js';
import { equal, order } from './compare.js';
import { getItem } from './attributes.js';
import { failure } from './fault.js';
import type { Printer } from './print.js';
import { isTrue, textOf, Undefined, type Given, type Value } from './values.js';

/** What filters and tests work with. */
export interface Runtime {
  readonly budget: Budget;
  readonly printer: Printer;
  filter(name: string, value: Value, given: Given): Value;
  test(name: string, value: Value, given: Given): boolean;
}

export type Filter = (value: Value, given: Given, runtime: Runtime) => Value;
export type Test = (value: Value, given: Given, runtime: Runtime) => boolean;

/** The value that an attribute path (`a.b.0`, or a number) leads to. */
export function attributeGetter(path: Value, { printer }: Runtime, fallback: Value = null): (value: Value) => Value {
  const parts = pathParts(path);
  return (value) => {
    let item = value;
    for (const part of parts) {
      item = getItem(item, part, printer);
      if (fallback !== null && item instanceof Undefined) item = fallback;
    }
    return item;
  };
}

function pathParts(path: Value): Value[] {
  if (path === null) return [];
  const text = textOf(path);
  return text === undefined ? [path] : text.split('.').map((part) => (/^\d+$/.test(part) ? BigInt(part) : part));
}

/** The values of several paths with commas between them. */
export function attributesGetter(paths: Value, runtime: Runtime): (value: Value) => Value[] {
  const text = textOf(paths);
  const each: Value[] = text === undefined ? [paths] : text.split(',');
  const getters = each.map((path) => attributeGetter(path, runtime));
  return (value) => getters.map((get) => get(value));
}

/** What a value is compared by: without regard to case, where `caseSensitive` does not ask for it. */
export function compared(caseSensitive: Value): (value: Value) => Value {
  return isTrue(caseSensitive) ? (value) => value : (value) => textOf(value)?.toLowerCase() ?? value;
}

/** Sorted by their keys; what is equal keeps its order. */
export function sortedBy<T>(items: readonly T[], key: (item: T) => Value, reverse: boolean, budget: Budget): T[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  const compare = (a: Value, b: Value) => {
    if (equal(a, b, budget)) return 0;
    const places = order(a, b, '<', budget);
    return Number.isNaN(places) ? 0 : places;
  };
  if (keyed.length > 1 && keyed.some(({ key: each }) => each instanceof Undefined))
    throw failure("'<' not supported: what is sorted by is undefined");
  return keyed.sort((a, b) => (reverse ? compare(b.key, a.key) : compare(a.key, b.key))).map(({ item }) => item);
}
