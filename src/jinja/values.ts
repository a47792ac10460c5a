import { failure, TemplateFault, unsupported } from './fault.js';

/**
 * A value of a template, with Python's types: None is null, int is bigint, float is number, str is string, list is an array.
 * What a template cannot change is shared, never copied.
 */
export type Value = null | boolean | bigint | number | string | Value[] | Thing;

/** Every other type. */
export abstract class Thing {
  /** Python's name of the type. */
  abstract readonly type: string;

  /** An attribute (`x.name`); undefined where there is none. */
  attribute(_name: string): Value | undefined {
    return undefined;
  }

  /** Python's `len`; undefined where there is none. */
  size(): number | undefined {
    return undefined;
  }
}

export class Undefined extends Thing {
  readonly type = 'Undefined';

  /** `reason`: what is said where it is used as if it were there. */
  constructor(readonly reason: string) {
    super();
  }

  override size(): number {
    return 0;
  }
}

/** A text that is safe in HTML: what `safe` and `escape` give. */
export class Markup extends Thing {
  readonly type = 'Markup';

  constructor(readonly text: string) {
    super();
  }
}

export class Tuple extends Thing {
  readonly type = 'tuple';

  constructor(
    readonly items: readonly Value[],
    /** Names of a named tuple's items. */
    private readonly names: readonly string[] = [],
  ) {
    super();
  }

  override attribute(name: string): Value | undefined {
    return this.items[this.names.indexOf(name)];
  }

  override size(): number {
    return this.items.length;
  }
}

/** What a dict finds a key by: equal for equal keys, `1`, `1.0` and `true` alike. */
export type HashKey = string | bigint | number | null | Thing;

export class Dict extends Thing {
  readonly type = 'dict';
  private readonly entriesByKey = new Map<HashKey, [Value, Value]>();

  static of(entries: Iterable<readonly [string, Value]>): Dict {
    const dict = new Dict();
    for (const [key, value] of entries) dict.set(key, value);
    return dict;
  }

  override size(): number {
    return this.entriesByKey.size;
  }

  get(key: Value): Value | undefined {
    return this.entriesByKey.get(hashKey(key))?.[1];
  }

  has(key: Value): boolean {
    return this.entriesByKey.has(hashKey(key));
  }

  set(key: Value, value: Value): void {
    const hash = hashKey(key);
    const entry = this.entriesByKey.get(hash);
    if (entry) entry[1] = value;
    else this.entriesByKey.set(hash, [key, value]);
  }

  entries(): IterableIterator<[Value, Value]> {
    return this.entriesByKey.values();
  }

  *keys(): Generator<Value> {
    for (const [key] of this.entries()) yield key;
  }
}

/** @throws TemplateFault of lists and dicts, which cannot be keys. */
export function hashKey(key: Value): HashKey {
  if (typeof key === 'string') return key.startsWith('\0') ? `\0${key}` : key;
  if (typeof key === 'boolean') return key ? 1n : 0n;
  if (typeof key === 'number') return Number.isInteger(key) ? BigInt(key) : key;
  if (key === null || typeof key === 'bigint') return key;
  if (key instanceof Markup) return hashKey(key.text);
  if (key instanceof Undefined) return '\0undefined';
  if (key instanceof Tuple) {
    const parts: string[] = [];
    describeTuple(key, parts);
    return `\0tuple ${parts.join(' ')}`;
  }
  if (Array.isArray(key) || key instanceof Dict) throw failure(`unhashable type: '${typeName(key)}'`);
  return key;
}

/** Values of a tuple that is a key, tuples inside counted. */
const LARGEST_KEY = 500;

function describeTuple({ items }: Tuple, parts: string[]): void {
  parts.push(`(${String(items.length)}`);
  for (const item of items) {
    if (parts.length > LARGEST_KEY)
      throw new TemplateFault('limit', `makes a key of more than ${String(LARGEST_KEY)} values`);
    if (item instanceof Tuple) {
      describeTuple(item, parts);
      continue;
    }
    const key = hashKey(item);
    if (key instanceof Thing) throw unsupported(`a tuple of '${key.type}' objects as a key`);
    parts.push(typeof key === 'string' ? `"${String(key.length)} ${key}` : String(key));
  }
}

/** `dict.keys()`, `.values()` and `.items()`. */
export class DictView extends Thing {
  readonly type: string;

  constructor(
    readonly dict: Dict,
    readonly part: 'keys' | 'values' | 'items',
  ) {
    super();
    this.type = `dict_${part}`;
  }

  override size(): number {
    return this.dict.size();
  }

  *[Symbol.iterator](): Generator<Value> {
    for (const [key, value] of this.dict.entries())
      yield this.part === 'keys' ? key : this.part === 'values' ? value : new Tuple([key, value]);
  }
}

export class Range extends Thing {
  readonly type = 'range';
  readonly length: number;

  constructor(
    readonly start: number,
    readonly stop: number,
    readonly step: number,
  ) {
    super();
    this.length = Math.max(0, Math.ceil((stop - start) / step));
  }

  override size(): number {
    return this.length;
  }

  at(index: number): bigint {
    return BigInt(this.start + index * this.step);
  }
}

/** Values that come one by one and only once: what `map`, `select` and the like give. */
export class Lazy extends Thing {
  constructor(
    readonly items: Iterator<Value>,
    readonly type = 'generator',
  ) {
    super();
  }
}

export class Slice extends Thing {
  readonly type = 'slice';

  constructor(
    readonly start: Value,
    readonly stop: Value,
    readonly step: Value,
  ) {
    super();
  }
}

/** What a template may set attributes of. */
export class Namespace extends Thing {
  readonly type = 'Namespace';

  constructor(readonly attributes: Dict) {
    super();
  }

  override attribute(name: string): Value | undefined {
    return this.attributes.get(name);
  }
}

/** Arguments of a call. */
export interface Given {
  positional: Value[];
  named: Map<string, Value>;
}

/** A function: of the template's globals, a method, a macro. */
export class Callable extends Thing {
  constructor(
    readonly name: string,
    readonly call: (given: Given) => Value,
    readonly type: 'function' | 'builtin_function_or_method' | 'Macro' | 'type' = 'builtin_function_or_method',
  ) {
    super();
  }

  override attribute(name: string): Value | undefined {
    return name === 'name' && this.type === 'Macro' ? this.name : undefined;
  }
}

/** The first that is there. None (null) is: `??` would pass it by. */
export function firstOf<T extends Value>(...values: [...(Value | undefined)[], T]): Value {
  return values.find((value) => value !== undefined)!;
}

export function typeName(value: Value): string {
  if (value === null) return 'NoneType';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Thing) return value.type;
  return { boolean: 'bool', bigint: 'int', number: 'float', string: 'str' }[
    typeof value as 'boolean' | 'bigint' | 'number' | 'string'
  ];
}

/** A text's characters, safe or not; undefined of anything else. */
export function textOf(value: Value): string | undefined {
  return typeof value === 'string' ? value : value instanceof Markup ? value.text : undefined;
}

/** A text that is made of another one: safe for HTML where that is. */
export function sameKind(of: Value, text: string): Value {
  return of instanceof Markup ? new Markup(text) : text;
}

/** Lists and tuples alike. */
export function itemsOf(value: Value): readonly Value[] | undefined {
  return Array.isArray(value) ? value : value instanceof Tuple ? value.items : undefined;
}

export function isTrue(value: Value): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (!(value instanceof Thing)) return typeof value === 'number' ? value !== 0 : Boolean(value);
  if (value instanceof Markup) return value.text !== '';
  return value.size() !== 0;
}

/** An undefined value may be printed, looped over and asked for its truth, and nothing else. */
export function refuseUndefined(...values: Value[]): void {
  for (const value of values) if (value instanceof Undefined) throw failure(value.reason);
}
