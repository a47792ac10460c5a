import { characterIndex, isIdentifier, lengthOf } from './characters.js';
import { failure } from './fault.js';
import { bind, integerOf, stringOf } from './given.js';
import { iterate } from './iterate.js';
import { escapeHtml } from './markup.js';
import { leftOut, type Method, type Methods } from './methods.js';
import type { Printer } from './print.js';
import * as text from './text.js';
import { Markup, sameKind, textOf, Tuple, typeName, type Value } from './values.js';

type Texts = (self: string, args: (Value | undefined)[], printer: Printer) => string;

/** A method from text to text. */
function mapped(name: string, parameters: string[], required: number, of: Texts): Method {
  return (self, given, printer) => {
    const args = bind(name, given, parameters, { required, positionalOnly: name !== 'expandtabs' });
    const source = textOf(self)!;
    printer.budget.text(source.length);
    const result = of(source, args, printer);
    printer.budget.text(result.length);
    return sameKind(self, result);
  };
}

/** A method that asks a question of a text. */
function asked(name: string, of: (self: string) => boolean): Method {
  return (self, given, { budget }) => {
    bind(name, given, []);
    budget.text(textOf(self)!.length);
    return of(textOf(self)!);
  };
}

const chars = (value: Value | undefined): string | undefined =>
  value === undefined || value === null ? undefined : stringOf(value, 'the characters to strip');

const strip = (name: string, left: boolean, right: boolean) =>
  mapped(name, ['chars'], 0, (self, [given]) => text.strip(self, chars(given), left, right));

function padded(name: string, pad: (missing: number, width: number) => [number, number]): Method {
  return (self, given, printer) => {
    const [width, fill = ' '] = bind(name, given, ['width', 'fillchar'], { required: 1, positionalOnly: true });
    const filler = stringOf(fill, 'the fill character');
    if (lengthOf(filler) !== 1) throw failure('The fill character must be exactly one character long');
    const source = textOf(self)!;
    const missing = integerOf(width!) - lengthOf(source);
    if (missing <= 0) return sameKind(self, source);
    printer.budget.text(source.length + missing * filler.length);
    const [before, after] = pad(missing, integerOf(width!));
    const safe = self instanceof Markup ? escapeHtml(fill, filler) : filler;
    return sameKind(self, safe.repeat(before) + source + safe.repeat(after));
  };
}

/** `find` and its kin: where a part stands, -1 where nowhere. */
function found(name: string, last: boolean, required: boolean): Method {
  return (self, given, { budget }) => {
    const [part, ...range] = bind(name, given, ['sub', 'start', 'end'], { required: 1, positionalOnly: true });
    const source = textOf(self)!;
    budget.text(source.length);
    const { from, to, inside } = text.within(source, range);
    const wanted = stringOf(part!, 'the text to find');
    const unit = inside === undefined ? -1 : last ? inside.lastIndexOf(wanted) : inside.indexOf(wanted);
    if (unit === -1 || from > to) {
      if (required) throw failure('substring not found');
      return -1n;
    }
    return BigInt(from + characterIndex(inside!, unit));
  };
}

function affixed(name: 'startswith' | 'endswith'): Method {
  return (self, given, { budget }) => {
    const [affix, ...range] = bind(name, given, ['prefix', 'start', 'end'], { required: 1, positionalOnly: true });
    const source = textOf(self)!;
    const { inside } = text.within(source, range);
    const affixes = affix instanceof Tuple ? affix.items : [affix!];
    budget.spend(affixes.length);
    return affixes.some((one) => {
      const wanted = textOf(one);
      if (wanted === undefined) throw failure(`${name} first arg must be str or a tuple of str, not ${typeName(one)}`);
      if (inside === undefined) return false;
      return name === 'startswith' ? inside.startsWith(wanted) : inside.endsWith(wanted);
    });
  };
}

function split(name: 'split' | 'rsplit'): Method {
  return (self, given, { budget }) => {
    const [separator = null, most = -1n] = bind(name, given, ['sep', 'maxsplit']);
    const source = textOf(self)!;
    budget.text(source.length);
    const at = separator === null ? undefined : stringOf(separator, 'the separator');
    if (at === '') throw failure('empty separator');
    const parts = text.split(source, at, integerOf(most), name === 'rsplit');
    budget.spend(parts.length);
    return parts.map((part) => sameKind(self, part));
  };
}

function partition(name: 'partition' | 'rpartition'): Method {
  return (self, given, { budget }) => {
    const [given_] = bind(name, given, ['sep'], { required: 1, positionalOnly: true });
    const separator = stringOf(given_!, 'the separator');
    if (separator === '') throw failure('empty separator');
    const source = textOf(self)!;
    budget.text(source.length);
    const at = name === 'partition' ? source.indexOf(separator) : source.lastIndexOf(separator);
    const parts =
      at !== -1
        ? [source.slice(0, at), separator, source.slice(at + separator.length)]
        : name === 'partition'
          ? [source, '', '']
          : ['', '', source];
    return new Tuple(parts.map((part) => sameKind(self, part)));
  };
}

const join: Method = (self, given, printer) => {
  const [list] = bind('join', given, ['iterable'], { required: 1, positionalOnly: true });
  const parts: string[] = [];
  let length = 0;
  for (const item of iterate(list!, printer.budget)) {
    const part = textOf(item);
    if (part === undefined && !(self instanceof Markup))
      throw failure(`sequence item ${String(parts.length)}: expected str instance, ${typeName(item)} found`);
    const shown = self instanceof Markup ? escapeHtml(item, printer.str(item)) : part!;
    length += shown.length + textOf(self)!.length;
    printer.budget.text(length);
    parts.push(shown);
  }
  return sameKind(self, parts.join(textOf(self)));
};

/** Of texts, safe for HTML or not; format() and its kin are in format_methods.ts. */
export const STRING_METHODS: Methods = {
  strip: strip('strip', true, true),
  lstrip: strip('lstrip', true, false),
  rstrip: strip('rstrip', false, true),
  upper: mapped('upper', [], 0, (self) => self.toUpperCase()),
  lower: mapped('lower', [], 0, (self) => self.toLowerCase()),
  title: mapped('title', [], 0, (self, _, { budget }) => {
    budget.characters(self.length);
    return text.title(self);
  }),
  capitalize: mapped('capitalize', [], 0, text.capitalize),
  swapcase: mapped('swapcase', [], 0, (self, _, { budget }) => {
    budget.characters(self.length);
    return text.swapcase(self);
  }),
  casefold: mapped('casefold', [], 0, text.casefold),
  zfill: mapped('zfill', ['width'], 1, (self, [width], { budget }) => {
    const missing = integerOf(width!) - lengthOf(self);
    if (missing <= 0) return self;
    budget.text(missing);
    const sign = /^[-+]?/.exec(self)![0];
    return sign + '0'.repeat(missing) + self.slice(sign.length);
  }),
  expandtabs: mapped('expandtabs', ['tabsize'], 0, (self, [size = 8n], { budget }) =>
    text.expandTabs(self, integerOf(size), budget),
  ),
  removeprefix: mapped('removeprefix', ['prefix'], 1, (self, [given]) => {
    const prefix = stringOf(given!, 'the prefix');
    return self.startsWith(prefix) ? self.slice(prefix.length) : self;
  }),
  removesuffix: mapped('removesuffix', ['suffix'], 1, (self, [given]) => {
    const suffix = stringOf(given!, 'the suffix');
    return suffix !== '' && self.endsWith(suffix) ? self.slice(0, -suffix.length) : self;
  }),
  replace: (self, given, { budget }) => {
    const [old, fresh, most = -1n] = bind('replace', given, ['old', 'new', 'count'], {
      required: 2,
      positionalOnly: true,
    });
    const replacement = stringOf(fresh!, 'replace() argument 2');
    const safe = self instanceof Markup ? escapeHtml(fresh!, replacement) : replacement;
    return sameKind(
      self,
      text.replace(textOf(self)!, stringOf(old!, 'replace() argument 1'), safe, integerOf(most), budget),
    );
  },
  center: padded('center', (missing, width) => {
    const before = (missing >> 1) + (missing & width & 1);
    return [before, missing - before];
  }),
  ljust: padded('ljust', (missing) => [0, missing]),
  rjust: padded('rjust', (missing) => [missing, 0]),
  find: found('find', false, false),
  rfind: found('rfind', true, false),
  index: found('index', false, true),
  rindex: found('rindex', true, true),
  count: (self, given, { budget }) => {
    const [part, ...range] = bind('count', given, ['sub', 'start', 'end'], { required: 1, positionalOnly: true });
    const { inside } = text.within(textOf(self)!, range);
    const wanted = stringOf(part!, 'the text to count');
    budget.text(textOf(self)!.length);
    if (inside === undefined) return 0n;
    return BigInt(wanted === '' ? lengthOf(inside) + 1 : inside.split(wanted).length - 1);
  },
  startswith: affixed('startswith'),
  endswith: affixed('endswith'),
  split: split('split'),
  rsplit: split('rsplit'),
  splitlines: (self, given, { budget }) => {
    const [keep = false] = bind('splitlines', given, ['keepends']);
    budget.text(textOf(self)!.length);
    const lines = text.splitLines(textOf(self)!, integerOf(keep) !== 0);
    budget.spend(lines.length);
    return lines.map((line) => sameKind(self, line));
  },
  partition: partition('partition'),
  rpartition: partition('rpartition'),
  join,
  isspace: asked('isspace', text.isSpaces),
  isalpha: asked('isalpha', (self) => /^\p{L}+$/u.test(self)),
  isalnum: asked('isalnum', (self) => /^[\p{L}\p{N}]+$/u.test(self)),
  isdecimal: asked('isdecimal', (self) => /^\p{Nd}+$/u.test(self)),
  isdigit: asked('isdigit', (self) => /^[\p{Nd}²³¹⁰⁴-⁹₀-₉①-⑨⑴-⑼⒈-⒐⓪⓵-⓽⓿❶-❾➀-➈➊-➒]+$/u.test(self)),
  isnumeric: asked('isnumeric', (self) =>
    /^[\p{N}〇一二三四五六七八九十百千万億兆零壱弐参壹贰叁肆伍陆柒捌玖拾佰仟]+$/u.test(self),
  ),
  isascii: asked('isascii', (self) => /^[\0-\x7f]*$/.test(self)),
  isidentifier: asked('isidentifier', isIdentifier),
  isprintable: asked('isprintable', (self) => !/[\p{C}\p{Z}]/u.test(self.replaceAll(' ', ''))),
  islower: asked('islower', text.isLower),
  isupper: asked('isupper', text.isUpper),
  istitle: asked('istitle', text.isTitle),
  ...Object.fromEntries(
    ['encode', 'translate', 'maketrans', 'unescape', 'striptags'].map((name) => [name, leftOut(name)]),
  ),
};
