import { equal } from './compare.js';
import { failure, unsupported } from './fault.js';
import { bind, placeOf } from './given.js';
import { iterate, toList } from './iterate.js';
import { isNumeric, magnitude, numberOf } from './numeric.js';
import type { Printer } from './print.js';
import { Dict, DictView, firstOf, Range, typeName, type Given, type Value } from './values.js';

export type Method = (self: Value, given: Given, printer: Printer) => Value;
export type Methods = Record<string, Method>;

/** A method that exists in Python and is left out here: found, and refused by name when it is called. */
export const leftOut =
  (name: string): Method =>
  () => {
    throw unsupported(`the method ${name}`);
  };

const count: Method = (self, given, { budget }) => {
  const [value] = bind('count', given, ['value'], { required: 1, positionalOnly: true });
  let times = 0n;
  for (const item of iterate(self, budget)) if (equal(item, value!, budget)) times++;
  return times;
};

const index: Method = (self, given, { budget }) => {
  const [value, start, stop] = bind('index', given, ['value', 'start', 'stop'], { required: 1, positionalOnly: true });
  if (self instanceof Range && start !== undefined) throw failure('index() takes exactly one argument');
  const items = toList(self, budget);
  const bound = (place: Value | undefined, missing: number) =>
    place === undefined ? missing : placeOf(place, items.length);
  const to = Math.min(items.length, bound(stop, items.length));
  for (let i = bound(start, 0); i < to; i++) if (equal(items[i]!, value!, budget)) return BigInt(i);
  throw failure(`the value is not in the ${typeName(self)}`);
};

/** Of lists, tuples and ranges. */
export const LIST_METHODS: Methods = {
  count,
  index,
  copy: (self, given, { budget }) => {
    bind('copy', given, []);
    return toList(self, budget);
  },
};

const view =
  (part: DictView['part']): Method =>
  (self, given) => {
    bind(part, given, []);
    return new DictView(self as Dict, part);
  };

export const DICT_METHODS: Methods = {
  keys: view('keys'),
  values: view('values'),
  items: view('items'),
  get: (self, given) => {
    const [key, fallback = null] = bind('get', given, ['key', 'default'], { required: 1, positionalOnly: true });
    return firstOf((self as Dict).get(key!), fallback);
  },
  copy: (self, given, { budget }) => {
    bind('copy', given, []);
    const copy = new Dict();
    for (const [key, value] of (self as Dict).entries()) {
      budget.spend();
      copy.set(key, value);
    }
    return copy;
  },
  fromkeys: leftOut('fromkeys of a dict'),
};

export const VIEW_METHODS: Methods = {
  isdisjoint: leftOut('isdisjoint'),
};

export const NUMBER_METHODS: Methods = {
  is_integer: (self) => {
    if (typeof self !== 'number') throw failure(`'${typeName(self)}' object has no attribute 'is_integer'`);
    return Number.isInteger(self);
  },
  bit_length: (self) => {
    if (!isNumeric(self) || typeof self === 'number') throw failure("'float' object has no attribute 'bit_length'");
    const value = BigInt(numberOf(self));
    return value === 0n ? 0n : BigInt(magnitude(value).toString(2).length);
  },
  ...Object.fromEntries(
    ['as_integer_ratio', 'conjugate', 'to_bytes', 'from_bytes', 'hex', 'fromhex', 'bit_count'].map((name) => [
      name,
      leftOut(name),
    ]),
  ),
};
