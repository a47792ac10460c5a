import type { Budget } from './budget.js';
import { DICT_METHODS, LIST_METHODS, NUMBER_METHODS, VIEW_METHODS, type Methods } from './methods.js';
import { characters } from './characters.js';
import { failure } from './fault.js';
import { formatMethods } from './format_methods.js';
import { isNumeric, numberOf } from './numeric.js';
import type { Printer } from './print.js';
import { sliced } from './slice.js';
import { STRING_METHODS } from './string_methods.js';
import {
  Callable,
  Dict,
  DictView,
  firstOf,
  hashKey,
  Namespace,
  Range,
  refuseUndefined,
  sameKind,
  Slice,
  textOf,
  Thing,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.js';

/** What Python's mutable types do not let a template call: it could change what it was given. */
const MUTATING: Record<string, readonly string[]> = {
  list: ['append', 'clear', 'pop', 'reverse', 'insert', 'sort', 'extend', 'remove'],
  dict: ['clear', 'pop', 'popitem', 'setdefault', 'update'],
};

/** `object.name`: an attribute, else an item of that name, else undefined. */
export function getAttribute(object: Value, name: string, printer: Printer): Value {
  refuseUndefined(object);
  return firstOf(
    attributeOf(object, name, printer),
    itemOf(object, name, printer.budget),
    absent(object, `attribute '${name}'`),
  );
}

/** `object[key]`: an item, else an attribute of that name, else undefined. */
export function getItem(object: Value, key: Value, printer: Printer): Value {
  refuseUndefined(object);
  if (key instanceof Slice) {
    const part = sliced(object, key, printer.budget);
    if (part === undefined) throw failure(`'${typeName(object)}' object cannot be sliced`);
    return part;
  }
  const name = textOf(key);
  const item = itemOf(object, key, printer.budget);
  if (item !== undefined) return item;
  if (name === undefined) return absent(object, 'such element');
  return firstOf(attributeOf(object, name, printer), absent(object, `attribute '${name}'`));
}

/** `object | attr(name)`: an attribute alone. */
export function getOnlyAttribute(object: Value, name: string, printer: Printer): Value {
  return firstOf(attributeOf(object, name, printer), absent(object, `attribute '${name}'`));
}

const absent = (object: Value, what: string): Undefined =>
  new Undefined(`'${object === null ? 'None' : `${typeName(object)} object`}' has no ${what}`);

function attributeOf(object: Value, name: string, printer: Printer): Value | undefined {
  if (object instanceof Namespace) return object.attribute(name);
  if (name.startsWith('_') || MUTATING[typeName(object)]?.includes(name)) {
    const exists = !name.startsWith('_') || /^__\w+__$/.test(name);
    return exists
      ? new Undefined(`access to attribute '${name}' of '${typeName(object)}' object is unsafe`)
      : undefined;
  }
  if (isNumeric(object) && Object.hasOwn(NUMBER_PARTS, name)) return NUMBER_PARTS[name]!(numberOf(object));
  const methods = methodsOf(object);
  if (methods !== undefined && Object.hasOwn(methods, name)) {
    const method = methods[name]!;
    return new Callable(name, (given) => method(object, given, printer));
  }
  return object instanceof Thing ? object.attribute(name) : undefined;
}

/** Attributes of numbers. */
const NUMBER_PARTS: Record<string, (value: bigint | number) => Value | undefined> = {
  real: (value) => value,
  imag: (value) => (typeof value === 'bigint' ? 0n : 0),
  numerator: (value) => (typeof value === 'bigint' ? value : undefined),
  denominator: (value) => (typeof value === 'bigint' ? 1n : undefined),
};

const TEXT_METHODS: Methods = {
  ...STRING_METHODS,
  ...formatMethods({ attribute: getAttribute, item: getItem }),
};

function methodsOf(object: Value): Methods | undefined {
  if (textOf(object) !== undefined) return TEXT_METHODS;
  if (Array.isArray(object) || object instanceof Tuple || object instanceof Range) return LIST_METHODS;
  if (object instanceof Dict) return DICT_METHODS;
  if (object instanceof DictView) return VIEW_METHODS;
  return isNumeric(object) ? NUMBER_METHODS : undefined;
}

function itemOf(object: Value, key: Value, budget: Budget): Value | undefined {
  if (object instanceof Dict) {
    if (Array.isArray(key) || key instanceof Dict) return undefined;
    hashKey(key);
    return object.get(key);
  }
  if (typeof key !== 'bigint' && typeof key !== 'boolean') return undefined;
  const index = Number(numberOf(key));
  if (Array.isArray(object)) return object.at(index);
  if (object instanceof Tuple) return object.items.at(index);
  if (object instanceof Range) {
    const place = index < 0 ? index + object.length : index;
    return place >= 0 && place < object.length ? object.at(place) : undefined;
  }
  const text = textOf(object);
  if (text === undefined) return undefined;
  budget.text(text.length);
  const character = characters(text).at(index);
  return character === undefined ? undefined : sameKind(object, character);
}

/** Sets `namespace.name`. */
export function setMember(object: Value | undefined, name: string, value: Value): void {
  if (!(object instanceof Namespace)) throw failure('cannot assign attribute on non-namespace object');
  checkMemberName(name);
  object.attributes.set(name, value);
}

/** @throws TemplateFault of names that Transformers keeps from a namespace. */
export function checkMemberName(name: Value): void {
  if (typeof name === 'string' && name.startsWith('_'))
    throw failure(
      `chat templates cannot store attributes with an underscore in front on a namespace, and got '${name}'`,
    );
}
