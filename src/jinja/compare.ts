import type { Budget } from './budget.js';
import { compareTexts } from './characters.js';
import { failure, unsupported } from './fault.js';
import { iterate } from './iterate.js';
import type { Comparison } from './nodes.js';
import { isNumeric, numberOf } from './numeric.js';
import {
  Dict,
  DictView,
  itemsOf,
  Range,
  refuseUndefined,
  textOf,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.js';

export function equal(a: Value, b: Value, budget: Budget): boolean {
  budget.spend();
  if (a === b) return true;
  // eslint-disable-next-line eqeqeq -- == compares a bigint and a number by their values
  if (isNumeric(a) && isNumeric(b)) return numberOf(a) == numberOf(b);
  const text = textOf(a);
  if (text !== undefined) return text === textOf(b);
  return budget.within(() => equalParts(a, b, budget));
}

function equalParts(a: Value, b: Value, budget: Budget): boolean {
  const items = itemsOf(a);
  const others = itemsOf(b);
  if (items && others) {
    if (Array.isArray(a) !== Array.isArray(b) || items.length !== others.length) return false;
    return items.every((item, i) => equal(item, others[i]!, budget));
  }
  if (a instanceof Dict && b instanceof Dict) {
    if (a.size() !== b.size()) return false;
    for (const [key, value] of a.entries()) {
      const other = b.get(key);
      if (other === undefined || !equal(value, other, budget)) return false;
    }
    return true;
  }
  if (a instanceof Range && b instanceof Range)
    return a.length === b.length && (a.length === 0 || (a.start === b.start && (a.length === 1 || a.step === b.step)));
  if (a instanceof DictView && b instanceof DictView && (a.part !== 'values' || b.part !== 'values'))
    throw unsupported('sets');
  return a instanceof Undefined && b instanceof Undefined;
}

/** Below 0, 0, above 0; NaN where neither comes first. @throws TemplateFault of types that have no order. */
export function order(a: Value, b: Value, sign: string, budget: Budget): number {
  budget.spend();
  refuseUndefined(a, b);
  if (isNumeric(a) && isNumeric(b)) {
    const [left, right] = [numberOf(a), numberOf(b)];
    return left < right ? -1 : left > right ? 1 : left == right ? 0 : NaN; // eslint-disable-line eqeqeq -- as above
  }
  const [text, other] = [textOf(a), textOf(b)];
  if (text !== undefined && other !== undefined) return compareTexts(text, other);
  const [items, others] = [itemsOf(a), itemsOf(b)];
  if (items && others && a instanceof Tuple === b instanceof Tuple) {
    return budget.within(() => {
      for (let i = 0; i < Math.min(items.length, others.length); i++) {
        if (!equal(items[i]!, others[i]!, budget)) return order(items[i]!, others[i]!, sign, budget);
      }
      return items.length - others.length;
    });
  }
  throw failure(`'${sign}' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`);
}

export function contains(container: Value, value: Value, budget: Budget): boolean {
  const text = textOf(container);
  if (text !== undefined) {
    const part = textOf(value);
    if (part === undefined) throw failure(`'in <string>' requires string as left operand, not ${typeName(value)}`);
    budget.text(text.length);
    return text.includes(part);
  }
  if (container instanceof Dict) return container.has(value);
  if (container instanceof DictView && container.part === 'keys') return container.dict.has(value);
  for (const item of iterate(container, budget, (type) => `argument of type '${type}' is not iterable`))
    if (equal(item, value, budget)) return true;
  return false;
}

export function compare(sign: Comparison, a: Value, b: Value, budget: Budget): boolean {
  switch (sign) {
    case '==':
      return equal(a, b, budget);
    case '!=':
      return !equal(a, b, budget);
    case '<':
      return order(a, b, sign, budget) < 0;
    case '<=':
      return order(a, b, sign, budget) <= 0;
    case '>':
      return order(a, b, sign, budget) > 0;
    case '>=':
      return order(a, b, sign, budget) >= 0;
    case 'in':
      return contains(b, a, budget);
    case 'not in':
      return !contains(b, a, budget);
  }
}
