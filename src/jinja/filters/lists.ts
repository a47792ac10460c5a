import { calculate } from '../arithmetic.js';
import { failure } from '../fault.js';
import { bind, integerOf } from '../given.js';
import { iterate, isIterable, sizeOf, toList } from '../iterate.js';
import { equal, order } from '../compare.js';
import { attributeGetter, attributesGetter, compared, sortedBy, type Filter, type Runtime } from '../runtime.js';
import { reversed } from '../text.js';
import {
  Dict,
  DictView,
  firstOf,
  hashKey,
  isTrue,
  itemsOf,
  Lazy,
  Range,
  sameKind,
  textOf,
  Tuple,
  typeName,
  Undefined,
  type HashKey,
  type Value,
} from '../values.js';

/** The smallest or the largest by its key; the first of equals. */
function extreme(name: 'min' | 'max'): Filter {
  return (value, args, runtime) => {
    const [caseSensitive = false, attribute = null] = bind(name, args, ['case_sensitive', 'attribute']);
    const get = attributeGetter(attribute, runtime);
    const cased = compared(caseSensitive);
    const sign = name === 'min' ? '<' : '>';
    let best: { item: Value; key: Value } | undefined;
    for (const item of iterate(value, runtime.budget)) {
      const key = cased(get(item));
      const places = best === undefined ? 0 : order(key, best.key, sign, runtime.budget);
      if (best === undefined || (name === 'min' ? places < 0 : places > 0)) best = { item, key };
    }
    return firstOf(best?.item, new Undefined('No aggregated item, sequence was empty.'));
  };
}

const length: Filter = (value, args) => {
  bind('length', args, []);
  const size = sizeOf(value);
  if (size === undefined) throw failure(`object of type '${typeName(value)}' has no len()`);
  return BigInt(size);
};

/** An iterator that Python runs backwards over; undefined where it has none. */
function backwards(value: Value, { budget }: Runtime): Value[] | undefined {
  const reversible =
    textOf(value) !== undefined ||
    itemsOf(value) !== undefined ||
    value instanceof Dict ||
    value instanceof DictView ||
    value instanceof Undefined ||
    value instanceof Range;
  return reversible ? toList(value, budget).reverse() : undefined;
}

export const LIST_FILTERS: Record<string, Filter> = {
  length,
  count: length,
  min: extreme('min'),
  max: extreme('max'),
  list: (value, args, { budget }) => {
    bind('list', args, []);
    return toList(value, budget);
  },
  first: (value, args, { budget }) => {
    bind('first', args, []);
    const { value: item, done } = iterate(value, budget).next() as IteratorResult<Value, void>;
    return done === true ? new Undefined('No first item, sequence was empty.') : item;
  },
  last: (value, args, runtime) => {
    bind('last', args, []);
    const items = backwards(value, runtime);
    if (items === undefined) throw failure(`'${typeName(value)}' object is not reversible`);
    return firstOf(items[0], new Undefined('No last item, sequence was empty.'));
  },
  reverse: (value, args, runtime) => {
    bind('reverse', args, []);
    const text = textOf(value);
    if (text !== undefined) return sameKind(value, reversed(text));
    const items = backwards(value, runtime);
    if (items !== undefined) return new Lazy(items.values(), reverseType(value));
    if (!isIterable(value)) throw failure('argument must be iterable');
    return toList(value, runtime.budget).reverse();
  },
  join: (value, args, runtime) => {
    const [separator = '', attribute = null] = bind('join', args, ['d', 'attribute']);
    const { printer, budget } = runtime;
    const between = printer.str(separator);
    const get = attributeGetter(attribute, runtime);
    const parts: string[] = [];
    let size = 0;
    for (const item of iterate(value, budget)) {
      const part = printer.str(get(item));
      budget.text((size += part.length + between.length));
      parts.push(part);
    }
    return parts.join(between);
  },
  sum: (value, args, runtime) => {
    const [attribute = null, start = 0n] = bind('sum', args, ['attribute', 'start']);
    const get = attributeGetter(attribute, runtime);
    if (textOf(start) !== undefined) throw failure("sum() can't sum strings [use ''.join(seq) instead]");
    let total = start;
    for (const item of iterate(value, runtime.budget)) total = calculate('+', total, get(item), runtime.printer);
    return total;
  },
  sort: (value, args, runtime) => {
    const parameters = ['reverse', 'case_sensitive', 'attribute'];
    const [reverse = false, caseSensitive = false, attribute = null] = bind('sort', args, parameters);
    const get = attributesGetter(attribute, runtime);
    const key = (item: Value) => get(item).map(compared(caseSensitive));
    return sortedBy(toList(value, runtime.budget), key, isTrue(reverse), runtime.budget);
  },
  unique: (value, args, runtime) => {
    const [caseSensitive = false, attribute = null] = bind('unique', args, ['case_sensitive', 'attribute']);
    const get = attributeGetter(attribute, runtime);
    const cased = compared(caseSensitive);
    const items = iterate(value, runtime.budget);
    return new Lazy(
      (function* () {
        const seen = new Set<HashKey>();
        for (const item of items) {
          const key = hashKey(cased(get(item)));
          if (seen.has(key)) continue;
          seen.add(key);
          yield item;
        }
      })(),
    );
  },
  groupby: (value, args, runtime) => {
    const parameters = ['attribute', 'default', 'case_sensitive'];
    const [attribute, fallback = null, caseSensitive = false] = bind('groupby', args, parameters, { required: 1 });
    const get = attributeGetter(attribute!, runtime, fallback);
    const cased = compared(caseSensitive);
    const key = (item: Value) => cased(get(item));
    const groups: { key: Value; items: Value[] }[] = [];
    for (const item of sortedBy(toList(value, runtime.budget), key, false, runtime.budget)) {
      const group = groups.at(-1);
      if (group && equal(group.key, key(item), runtime.budget)) group.items.push(item);
      else groups.push({ key: key(item), items: [item] });
    }
    return groups.map(({ items }) => new Tuple([get(items[0]!), items], ['grouper', 'list']));
  },
  batch: (value, args, runtime) => {
    const [count, fill = null] = bind('batch', args, ['linecount', 'fill_with'], { required: 1 });
    return new Lazy(batches(value, count!, fill, runtime));
  },
  slice: (value, args, { budget }) => {
    const [slices, fill = null] = bind('slice', args, ['slices', 'fill_with'], { required: 1 });
    const items = toList(value, budget);
    const count = integerOf(slices!);
    budget.spend(Math.max(0, count));
    return new Lazy(columns(items, count, fill));
  },
  dictsort: (value, args, { budget }) => {
    const parameters = ['case_sensitive', 'by', 'reverse'];
    const [caseSensitive = false, by = 'key', reverse = false] = bind('dictsort', args, parameters);
    if (by !== 'key' && by !== 'value') throw failure('You can only sort by either "key" or "value"');
    if (!(value instanceof Dict)) throw failure(`dictsort needs a mapping, not '${typeName(value)}' object`);
    const cased = compared(caseSensitive);
    const key = (pair: readonly [Value, Value]) => cased(pair[by === 'key' ? 0 : 1]);
    const entries = [...value.entries()];
    budget.spend(entries.length);
    return sortedBy(entries, key, isTrue(reverse), budget).map((pair) => new Tuple(pair));
  },
  items: (value, args, { budget }) => {
    bind('items', args, []);
    return new Lazy(
      (function* () {
        if (value instanceof Undefined) return;
        if (!(value instanceof Dict)) throw failure('Can only get item pairs from a mapping.');
        yield* iterate(new DictView(value, 'items'), budget);
      })(),
    );
  },
};

function reverseType(value: Value): string {
  if (Array.isArray(value)) return 'list_reverseiterator';
  return value instanceof Range ? 'range_iterator' : 'reversed';
}

function* batches(value: Value, given: Value, fill: Value, { budget }: Runtime): Generator<Value> {
  let batch: Value[] = [];
  for (const item of iterate(value, budget)) {
    if (equal(BigInt(batch.length), given, budget)) {
      yield batch;
      batch = [];
    }
    batch.push(item);
  }
  if (batch.length === 0) return;
  if (fill !== null) {
    const missing = Math.max(0, integerOf(given) - batch.length);
    budget.spend(missing);
    batch = [...batch, ...Array<Value>(missing).fill(fill)];
  }
  yield batch;
}

function* columns(items: Value[], count: number, fill: Value): Generator<Value> {
  if (count === 0) throw failure('integer division or modulo by zero');
  const each = Math.floor(items.length / count);
  const longer = items.length - each * count;
  let offset = 0;
  for (let column = 0; column < count; column++) {
    const start = offset + column * each;
    if (column < longer) offset++;
    const part = items.slice(start, offset + (column + 1) * each);
    if (fill !== null && column >= longer) part.push(fill);
    yield part;
  }
}
