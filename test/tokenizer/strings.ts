import { Draws } from '../../src/lab/random.js';

/** Ranges of code points, ends included: the scripts, marks and oddities that tokenizers treat apart. */
const RANGES: Record<string, readonly (readonly [number, number])[]> = {
  ascii: [[0x20, 0x7e]],
  latin: [
    [0xa0, 0x24f],
    [0x1e00, 0x1eff],
  ],
  cyrillic: [[0x400, 0x52f]],
  greek: [
    [0x370, 0x3ff],
    [0x1f00, 0x1fff],
  ],
  semitic: [
    [0x590, 0x5ff],
    [0x600, 0x6ff],
  ],
  indic: [
    [0x900, 0xdff],
    [0xf00, 0xfff],
  ],
  thai: [[0xe00, 0xe7f]],
  korean: [
    [0x1100, 0x11ff],
    [0x3130, 0x318f],
    [0xac00, 0xd7ff],
  ],
  kana: [
    [0x3000, 0x30ff],
    [0xff00, 0xffef],
  ],
  han: [
    [0x4e00, 0x9fff],
    [0x3400, 0x4dbf],
    [0xf900, 0xfaff],
    [0x20000, 0x2a6df],
    [0x2f800, 0x2fa1f],
  ],
  marks: [
    [0x300, 0x36f],
    [0x1ab0, 0x1aff],
    [0x1dc0, 0x1dff],
    [0x20d0, 0x20ff],
    [0x3099, 0x309a],
  ],
  symbols: [
    [0x2000, 0x2bff],
    [0x1d400, 0x1d7ff],
  ],
  emoji: [
    [0x1f300, 0x1faff],
    [0x1f1e6, 0x1f1ff],
    [0x1f3fb, 0x1f3ff],
    [0xfe00, 0xfe0f],
    [0x200d, 0x200d],
  ],
  control: [
    [0, 0x1f],
    [0x7f, 0x9f],
  ],
  privateUse: [
    [0xe000, 0xf8ff],
    [0xf0000, 0xf00ff],
    [0x10fff0, 0x10ffff],
  ],
  edges: [
    [0xd7f0, 0xd7ff],
    [0xfdd0, 0xfdef],
    [0xfff0, 0xffff],
    [0x10000, 0x10010],
    [0x10fff0, 0x10ffff],
  ],
  surrogates: [[0xd800, 0xdfff]],
  anything: [[0, 0x10ffff]],
};
const KINDS = Object.keys(RANGES);

const SPACES = Array.from(
  ' \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\t\n\v\f\r\u0085\ufeff\u200b\u180e\u001c\u001d\u001e\u001f',
);
const DIGITS = [0x30, 0x660, 0x966, 0xe50, 0xff10, 0x1d7ce].map((zero) => [zero, zero + 9] as const);
const SNIPPETS = [
  "'s", "'S", "'t", "'re", "'VE", "'m", "'lL", "'d", "'\u017f", '\u2019s', "x''ll", // contractions, the long s among them
  '\u0130', '\u0131', '\u1e9e', '\u212a', '\u212b', '\u2126', '\ufb01', // letters whose case or composition is odd
  '\r\n', '\n\r', '\r\n \r\n', '  ', '    ', '\n\n\n', ' \n', '\t\t',
  'e\u0301', '\u00e9', '\u1100\u1161\u11a8', '\u0e33', '\u0958', '\u09dc', '\u304b\u3099', 'q\u0307\u0323', '\u0344', '\u2adc',
  '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', '\u{1f1f0}\u{1f1f7}', '\u2764\ufe0f', '\u{1f44d}\u{1f3fd}', '\u{1f3f4}\u{e0067}\u{e007f}',
  'the ', ' Hello', 'ing', '안녕하세요', ' 사과', '小明有', 'りんご', 'สวัสดี', 'яблук', 'def f(x):\n    return x', '\\frac{1}{2}', '$x^2$', '://', '...', '1,234.5', '----',
]; // prettier-ignore

/**
 * Strings that are hard on tokenizers: the i-th is a function of (seed, i). Mixed scripts, marks, emoji joined and not, white
 * space and digits of every kind, control characters, composed and decomposed forms, halves of surrogate pairs, private use,
 * unassigned code points, and the spellings given, whole and cut short.
 */
export function hardString(seed: number, index: number, spellings: readonly string[]): string {
  const draws = new Draws(seed, 0, index);
  let text = '';
  for (let parts = 1 + draws.below(8); parts > 0; parts--) text += part(draws, spellings);
  return text;
}

function part(draws: Draws, spellings: readonly string[]): string {
  const times = 1 + Math.floor(12 * draws.uniform() ** 2);
  const repeat = (one: () => string) => Array.from({ length: times }, one).join('');
  switch (draws.below(10)) {
    case 0:
      return repeat(() => draws.pick(SPACES));
    case 1: {
      const digits = draws.pick(DIGITS);
      return repeat(() => between(draws, digits));
    }
    case 2: {
      const spelling = spellings.length === 0 ? '<|' : draws.pick(spellings);
      return draws.below(2) === 0 ? spelling : spelling.slice(draws.below(2), 1 + draws.below(spelling.length));
    }
    case 3:
    case 4:
      return draws.pick(SNIPPETS);
    case 5:
      return (
        draws.pick([' ', '\n', '']) + repeat(() => draws.pick(RANGES['ascii']!.map((range) => between(draws, range))))
      );
    default: {
      const ranges = RANGES[draws.pick(KINDS)]!;
      return repeat(() => between(draws, draws.pick(ranges)));
    }
  }
}

const between = (draws: Draws, [first, last]: readonly [number, number]): string =>
  String.fromCodePoint(first + draws.below(last - first + 1));
