import { calculate } from '../arithmetic.js';
import { characters, cut, lengthOf } from '../characters.js';
import { failure, unsupported } from '../fault.js';
import { bind, integerOf } from '../given.js';
import { isIterable, sizeOf, toList } from '../iterate.js';
import { escapeHtml } from '../markup.js';
import type { Filter, Runtime } from '../runtime.js';
import { STRING_METHODS } from '../string_methods.js';
import * as text from '../text.js';
import {
  Dict,
  isTrue,
  itemsOf,
  Markup,
  refuseUndefined,
  sameKind,
  textOf,
  Tuple,
  typeName,
  Undefined,
  type Given,
  type Value,
} from '../values.js';
import { wrapText } from './wrap.js';

const given = (...positional: Value[]): Given => ({ positional, named: new Map() });

/** The value as a text; a text that is safe for HTML stays so. */
const soft = (value: Value, { printer }: Runtime): Value => (textOf(value) === undefined ? printer.str(value) : value);

/** A filter that is a method of the value's text. */
function method(name: string): Filter {
  return (value, args, runtime) => {
    bind(name, args, []);
    return STRING_METHODS[name]!(soft(value, runtime), given(), runtime.printer);
  };
}

/** The characters of a value that must be a text already. */
function sourceOf(name: string, value: Value): string {
  refuseUndefined(value);
  const source = textOf(value);
  if (source === undefined) throw failure(`${name} needs a text, not '${typeName(value)}' object`);
  return source;
}

const escape: Filter = (value, args, { printer }) => {
  bind('escape', args, []);
  const escaped = escapeHtml(value, printer.str(value));
  printer.budget.text(escaped.length);
  return new Markup(escaped);
};

export const TEXT_FILTERS: Record<string, Filter> = {
  upper: method('upper'),
  lower: method('lower'),
  capitalize: method('capitalize'),
  title: (value, args, runtime) => {
    bind('title', args, []);
    const source = soft(value, runtime);
    runtime.budget.text(textOf(source)!.length);
    const parts = textOf(source)!.split(/([-\s({[<\x1c-\x1f\x85]+)/u);
    const titled = parts.map((part) => {
      const [first = ''] = part;
      return first.toUpperCase() + part.slice(first.length).toLowerCase();
    });
    return titled.join('');
  },
  trim: (value, args, runtime) => {
    const [chars = null] = bind('trim', args, ['chars']);
    return STRING_METHODS['strip']!(soft(value, runtime), given(chars), runtime.printer);
  },
  center: (value, args, runtime) => {
    const [width = 80n] = bind('center', args, ['width']);
    return STRING_METHODS['center']!(soft(value, runtime), given(width), runtime.printer);
  },
  replace: (value, args, { printer }) => {
    const [old, fresh, count = null] = bind('replace', args, ['old', 'new', 'count'], { required: 2 });
    const most = count === null ? -1 : integerOf(count);
    return text.replace(printer.str(value), printer.str(old!), printer.str(fresh!), most, printer.budget);
  },
  string: (value, args, runtime) => {
    bind('string', args, []);
    return soft(value, runtime);
  },
  safe: (value, args, { printer }) => {
    bind('safe', args, []);
    return new Markup(printer.str(value));
  },
  escape,
  e: escape,
  forceescape: (value, args, { printer }) => {
    bind('forceescape', args, []);
    const escaped = escapeHtml(null, printer.str(value));
    printer.budget.text(escaped.length);
    return new Markup(escaped);
  },
  format: (value, args, runtime) => {
    if (args.positional.length > 0 && args.named.size > 0)
      throw failure("can't handle positional and keyword arguments at the same time");
    const values = args.named.size > 0 ? Dict.of(args.named) : new Tuple(args.positional);
    return calculate('%', soft(value, runtime), values, runtime.printer);
  },
  indent: (value, args, runtime) => {
    const [width = 4n, first = false, blank = false] = bind('indent', args, ['width', 'first', 'blank']);
    const spaces = textOf(width) === undefined ? Math.max(0, integerOf(width)) : 0;
    runtime.budget.text(spaces);
    const indention = textOf(width) ?? ' '.repeat(spaces);
    const lines = text.splitLines(`${sourceOf('indent', value)}\n`);
    runtime.budget.text((indention.length + 1) * lines.length + textOf(value)!.length);
    const skip = (line: string, i: number) => i === 0 || (line === '' && !isTrue(blank));
    const indented = lines.map((line, i) => (skip(line, i) ? line : indention + line)).join('\n');
    return sameKind(value, isTrue(first) ? indention + indented : indented);
  },
  truncate: (value, args) => {
    const bound = bind('truncate', args, ['length', 'killwords', 'end', 'leeway']);
    const [length = 255n, killwords = false, end = '...', leeway = null] = bound;
    const ending = sourceOf('truncate', end);
    const [most, spare, own] = [integerOf(length), leeway === null ? 5 : integerOf(leeway), lengthOf(ending)];
    if (most < own) throw failure(`expected length >= ${String(own)}, got ${String(most)}`);
    if (spare < 0) throw failure(`expected leeway >= 0, got ${String(spare)}`);
    const size = sizeOf(value);
    if (size !== undefined && size <= most + spare) return value;
    const source = sourceOf('truncate', value);
    const kept = cut(source, 0, most - own);
    if (isTrue(killwords)) return sameKind(value, kept + ending);
    const space = kept.lastIndexOf(' ');
    return sameKind(value, (space === -1 ? kept : kept.slice(0, space)) + ending);
  },
  wordcount: (value, args, { printer }) => {
    bind('wordcount', args, []);
    const source = printer.str(value);
    printer.budget.text(source.length);
    return BigInt(source.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0);
  },
  wordwrap: (value, args, { budget }) => {
    const parameters = ['width', 'break_long_words', 'wrapstring', 'break_on_hyphens'];
    const [width = 79n, breakLong = true, wrapping = null, hyphens = true] = bind('wordwrap', args, parameters);
    const source = sourceOf('wordwrap', value);
    budget.text(source.length);
    const line = wrapping === null ? '\n' : sourceOf('wordwrap', wrapping);
    const style = { width: integerOf(width), breakLong: isTrue(breakLong), hyphens: isTrue(hyphens) };
    const wrapped = text
      .splitLines(source)
      .map((each) => wrapText(each, style).join(line))
      .join(line);
    budget.text(wrapped.length);
    return wrapped;
  },
  urlencode: (value, args, runtime) => {
    bind('urlencode', args, []);
    if (textOf(value) !== undefined || !isIterable(value)) return quoteUrl(value, runtime, false);
    const pairs = value instanceof Dict ? [...value.entries()] : toList(value, runtime.budget).map(pairOf);
    return pairs.map(([key, each]) => `${quoteUrl(key, runtime, true)}=${quoteUrl(each, runtime, true)}`).join('&');
  },
  xmlattr: (value, args, { printer, budget }) => {
    const [autospace = true] = bind('xmlattr', args, ['autospace']);
    if (!(value instanceof Dict)) throw failure(`xmlattr needs a mapping, not '${typeName(value)}' object`);
    const parts: string[] = [];
    for (const [key, each] of value.entries()) {
      budget.spend();
      if (each === null || each instanceof Undefined) continue;
      const name = sourceOf('xmlattr', key);
      if (/[ \t-\r/>=]/.test(name)) throw failure(`Invalid character in attribute name: ${printer.repr(key)}`);
      parts.push(`${escapeHtml(key, name)}="${escapeHtml(each, printer.str(each))}"`);
    }
    return (isTrue(autospace) && parts.length > 0 ? ' ' : '') + parts.join(' ');
  },
};

function pairOf(item: Value): [Value, Value] {
  const [key, value, ...rest] = itemsOf(item) ?? [];
  if (key !== undefined && value !== undefined && rest.length === 0) return [key, value];
  throw failure('urlencode needs pairs');
}

function quoteUrl(value: Value, { printer }: Runtime, query: boolean): string {
  const source = characters(printer.str(value))
    .filter((character) => !printer.marks.includes(character))
    .join('');
  if (/[\ud800-\udfff]/u.test(source)) throw unsupported('urlencode of half a character');
  printer.budget.text(source.length * 3);
  const quoted = encodeURIComponent(source).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return query ? quoted.replaceAll('%20', '+') : quoted.replaceAll('%2F', '/');
}
