import { checkMemberName } from './attributes.js';
import { TemplateFault, failure, unsupported } from './fault.js';
import { bind, integerOf, stringOf } from './given.js';
import { iterate, toList } from './iterate.js';
import type { Printer } from './print.js';
import { strftime } from './strftime.js';
import { Callable, Dict, Namespace, Range, Thing, typeName, type Given, type Value } from './values.js';

/** Elements of a `range`, as many as Jinja's sandbox allows. */
const LONGEST_RANGE = 100_000;

/** Functions that every template finds. */
export function globalValues(printer: Printer): [string, Value][] {
  const define = (
    name: string,
    call: (given: Given) => Value,
    type: Callable['type'] = 'function',
  ): [string, Value] => [name, new Callable(name, call, type)];
  return [
    define('range', (given) => makeRange(given)),
    ['dict', new DictMaker(printer)],
    define('namespace', (given) => makeNamespace(given, printer), 'type'),
    define('cycler', ({ positional }) => new Cycler(positional), 'type'),
    define('joiner', (given) => makeJoiner(given), 'type'),
    define('lipsum', () => {
      throw unsupported('the function lipsum');
    }),
    define('raise_exception', (given) => {
      const [message] = bind('raise_exception', given, ['message'], { required: 1 });
      throw new TemplateFault('refusal', printer.str(message!));
    }),
    define('strftime_now', (given) => {
      const [format] = bind('strftime_now', given, ['format'], { required: 1 });
      return strftime(stringOf(format!, 'the format of strftime_now'));
    }),
  ];
}

function makeRange(given: Given): Range {
  const { positional } = given;
  bind('range', given, ['start', 'stop', 'step'], { required: 1, positionalOnly: true });
  const [first, second, third = 1] = positional.map(integerOf);
  const [start, stop] = second === undefined ? [0, first!] : [first!, second];
  if (third === 0) throw failure('range() arg 3 must not be zero');
  const range = new Range(start, stop, third);
  if (range.length > LONGEST_RANGE)
    throw new TemplateFault('limit', `counts further than ${String(LONGEST_RANGE)} in range()`);
  return range;
}

/** `dict(mapping or pairs, name=value)`. */
function makeDict({ positional, named }: Given, { budget }: Printer): Dict {
  if (positional.length > 1) throw failure(`dict expected at most 1 argument, got ${String(positional.length)}`);
  const dict = new Dict();
  const [source] = positional;
  if (source instanceof Dict) for (const [key, value] of source.entries()) dict.set(key, value);
  else if (source !== undefined) {
    for (const pair of iterate(source, budget)) {
      const [key, value, ...more] = toList(pair, budget);
      if (key === undefined || value === undefined || more.length > 0)
        throw failure('dictionary update sequence needs pairs');
      dict.set(key, value);
    }
  }
  for (const [name, value] of named) dict.set(name, value);
  budget.spend(dict.size());
  return dict;
}

class DictMaker extends Thing {
  readonly type = 'TemplateDict';

  constructor(private readonly printer: Printer) {
    super();
  }

  call(given: Given): Value {
    return makeDict(given, this.printer);
  }

  override attribute(name: string): Value | undefined {
    if (name !== 'fromkeys') return undefined;
    return new Callable('fromkeys', (given) => {
      const [keys, value = null] = bind('fromkeys', given, ['iterable', 'value'], { required: 1 });
      const dict = new Dict();
      for (const key of iterate(keys!, this.printer.budget)) dict.set(key, value);
      return dict;
    });
  }
}

function makeNamespace(given: Given, printer: Printer): Namespace {
  const attributes = makeDict(given, printer);
  for (const name of attributes.keys()) checkMemberName(name);
  return new Namespace(attributes);
}

class Cycler extends Thing {
  readonly type = 'Cycler';
  private at = 0;

  constructor(private readonly items: Value[]) {
    super();
    if (items.length === 0) throw failure('at least one item has to be provided');
  }

  override attribute(name: string): Value | undefined {
    const current = this.items[this.at]!;
    switch (name) {
      case 'current':
        return current;
      case 'pos':
        return BigInt(this.at);
      case 'next':
        return new Callable('next', () => {
          const value = this.items[this.at]!;
          this.at = (this.at + 1) % this.items.length;
          return value;
        });
      case 'reset':
        return new Callable('reset', () => {
          this.at = 0;
          return null;
        });
      default:
        return undefined;
    }
  }
}

function makeJoiner(given: Given): Callable {
  const [separator = ', '] = bind('joiner', given, ['sep']);
  let used = false;
  return new Callable('joiner', () => {
    const text = used ? separator : '';
    used = true;
    return text;
  });
}

/** Calls what can be called. @throws TemplateFault of everything else. */
export function callValue(callee: Value, given: Given): Value {
  if (callee instanceof Callable || callee instanceof DictMaker) return callee.call(given);
  throw failure(`'${typeName(callee)}' object is not callable`);
}
