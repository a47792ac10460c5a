import { failure } from '../fault.js';
import { iterate } from '../iterate.js';
import { attributeGetter, type Filter, type Runtime } from '../runtime.js';
import { isTrue, Lazy, textOf, type Given, type Value } from '../values.js';

/** `select`, `reject` and their kin: what a test says of each element, or of an attribute of it. */
function selecting(name: string, wanted: boolean, byAttribute: boolean): Filter {
  return (value, given, runtime) => new Lazy(selected(name, value, given, runtime, wanted, byAttribute));
}

function* selected(
  name: string,
  value: Value,
  { positional, named }: Given,
  runtime: Runtime,
  wanted: boolean,
  byAttribute: boolean,
): Generator<Value> {
  if (!isTrue(value)) return;
  const rest = [...positional];
  let get = (item: Value): Value => item;
  if (byAttribute) {
    const attribute = rest.shift();
    if (attribute === undefined) throw failure(`${name}: missing parameter for attribute name`);
    get = attributeGetter(attribute, runtime);
  }
  const test = rest.shift();
  for (const item of iterate(value, runtime.budget)) {
    const part = get(item);
    const holds = test === undefined ? isTrue(part) : runtime.test(nameOf(test), part, { positional: rest, named });
    if (holds === wanted) yield item;
  }
}

function nameOf(value: Value): string {
  const name = textOf(value);
  if (name === undefined) throw failure('a filter or test is named by a text');
  return name;
}

function* mapped(value: Value, { positional, named }: Given, runtime: Runtime): Generator<Value> {
  if (!isTrue(value)) return;
  const each = mapping({ positional, named }, runtime);
  for (const item of iterate(value, runtime.budget)) yield each(item);
}

function mapping({ positional, named }: Given, runtime: Runtime): (item: Value) => Value {
  if (positional.length === 0 && named.has('attribute')) {
    const other = [...named.keys()].find((name) => name !== 'attribute' && name !== 'default');
    if (other !== undefined) throw failure(`Unexpected keyword argument '${other}'`);
    return attributeGetter(named.get('attribute')!, runtime, named.get('default') ?? null);
  }
  const [name, ...rest] = positional;
  if (name === undefined) throw failure('map requires a filter argument');
  return (item) => runtime.filter(nameOf(name), item, { positional: rest, named });
}

export const SELECTING_FILTERS: Record<string, Filter> = {
  map: (value, given, runtime) => new Lazy(mapped(value, given, runtime)),
  select: selecting('select', true, false),
  reject: selecting('reject', false, false),
  selectattr: selecting('selectattr', true, true),
  rejectattr: selecting('rejectattr', false, true),
};
