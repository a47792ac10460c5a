import { getOnlyAttribute } from '../attributes.js';
import { failure } from '../fault.js';
import { bind, integerOf, stringOf } from '../given.js';
import { toJson } from '../json.js';
import type { Filter } from '../runtime.js';
import { isTrue, itemsOf, refuseUndefined, textOf, Undefined, type Value } from '../values.js';

const fallback: Filter = (value, args) => {
  const [other = '', boolean = false] = bind('default', args, ['default_value', 'boolean']);
  return value instanceof Undefined || (isTrue(boolean) && !isTrue(value)) ? other : value;
};

export const VALUE_FILTERS: Record<string, Filter> = {
  default: fallback,
  d: fallback,
  attr: (value, args, { printer }) => {
    const [name] = bind('attr', args, ['name'], { required: 1 });
    refuseUndefined(value);
    return getOnlyAttribute(value, stringOf(name!, 'the attribute name'), printer);
  },
  /** Transformers' own: no escaping for HTML, all of `json.dumps`'s choices. */
  tojson: (value, args, { printer, budget }) => {
    const parameters = ['ensure_ascii', 'indent', 'separators', 'sort_keys'];
    const [ascii = false, indent = null, separators = null, sortKeys = false] = bind('tojson', args, parameters);
    const space = indentOf(indent);
    budget.text(space?.length ?? 0);
    const [itemSeparator, keySeparator] =
      separators === null ? [space === undefined ? ', ' : ',', ': '] : separatorsOf(separators);
    const style = { ensureAscii: isTrue(ascii), indent: space, sortKeys: isTrue(sortKeys) };
    return toJson(value, { ...style, itemSeparator: itemSeparator!, keySeparator: keySeparator! }, printer);
  },
};

function indentOf(indent: Value): string | undefined {
  if (indent === null) return undefined;
  const text = textOf(indent);
  if (text !== undefined) return text;
  const width = integerOf(indent);
  if (width > 1000) throw failure(`tojson indents by ${String(width)}`);
  return ' '.repeat(Math.max(0, width));
}

function separatorsOf(separators: Value): string[] {
  const pair = itemsOf(separators);
  if (pair?.length !== 2) throw failure('tojson needs two separators: (between items, behind keys)');
  return pair.map((each) => stringOf(each, 'a separator'));
}
