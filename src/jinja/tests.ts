import { calculate } from './arithmetic.js';
import { compare, equal } from './compare.js';
import { failure } from './fault.js';
import { FILTERS } from './filters/index.js';
import { isIterable, sizeOf } from './iterate.js';
import type { Comparison } from './nodes.js';
import { isNumeric } from './numeric.js';
import type { Test } from './runtime.js';
import { isLower, isUpper } from './text.js';
import { Callable, Dict, DictView, Markup, textOf, Undefined, type Value } from './values.js';

const simple =
  (of: (value: Value) => boolean): Test =>
  (value, { positional, named }) => {
    if (positional.length > 0 || named.size > 0) throw failure('this test takes no arguments');
    return of(value);
  };

const comparing =
  (sign: Comparison): Test =>
  (value, { positional }, { budget }) => {
    if (positional.length !== 1) throw failure(`the test ${sign} compares with one value`);
    return compare(sign, value, positional[0]!, budget);
  };

const remainder =
  (divisor: bigint | undefined, wanted: bigint): Test =>
  (value, { positional, named }, { printer }) => {
    const by = divisor ?? positional[0] ?? named.get('num');
    if (by === undefined) throw failure('divisibleby needs a number');
    return equal(calculate('%', value, by, printer), wanted, printer.budget);
  };

/** The same object: of numbers and texts those that Python keeps once are meant, so equal values of one type. */
const same: Test = (value, { positional: [other] }) => {
  if (other === undefined) throw failure('sameas compares with one value');
  return value === other || (value instanceof Undefined && other instanceof Undefined && value.reason === other.reason);
};

const TABLE: Record<string, Test> = {
  odd: remainder(2n, 1n),
  even: remainder(2n, 0n),
  divisibleby: remainder(undefined, 0n),
  defined: simple((value) => !(value instanceof Undefined)),
  undefined: simple((value) => value instanceof Undefined),
  filter: simple((value) => FILTERS.has(String(textOf(value)))),
  test: simple((value) => TESTS.has(String(textOf(value)))),
  none: simple((value) => value === null),
  boolean: simple((value) => typeof value === 'boolean'),
  true: simple((value) => value === true),
  false: simple((value) => value === false),
  integer: simple((value) => typeof value === 'bigint'),
  float: simple((value) => typeof value === 'number'),
  number: simple(isNumeric),
  string: simple((value) => textOf(value) !== undefined),
  mapping: simple((value) => value instanceof Dict),
  iterable: simple((value) => isIterable(value)),
  sequence: simple((value) => sizeOf(value) !== undefined && !(value instanceof DictView)),
  callable: simple((value) => value instanceof Callable || value instanceof Undefined),
  escaped: simple((value) => value instanceof Markup),
  lower: (value, _given, { printer }) => isLower(printer.str(value)),
  upper: (value, _given, { printer }) => isUpper(printer.str(value)),
  sameas: same,
  in: (value, { positional: [container] }, { budget }) => {
    if (container === undefined) throw failure('the test in needs a container');
    return compare('in', value, container, budget);
  },
  ...Object.fromEntries(
    Object.entries({
      '==': ['==', 'eq', 'equalto'],
      '!=': ['!=', 'ne'],
      '>': ['>', 'gt', 'greaterthan'],
      '>=': ['>=', 'ge'],
      '<': ['<', 'lt', 'lessthan'],
      '<=': ['<=', 'le'],
    }).flatMap(([sign, names]) => names.map((name) => [name, comparing(sign as Comparison)])),
  ),
};

/** Jinja's tests by their names. */
export const TESTS: ReadonlyMap<string, Test> = new Map(Object.entries(TABLE));
