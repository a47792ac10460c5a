import { foldDigits } from '../digits.js';

/** A piece of a formula. `spaced`: white space stands before it; `at`: its place in the text that was read. */
export interface Token {
  kind: 'number' | 'name' | 'word' | 'command' | 'sign';
  text: string;
  at: number;
  spaced: boolean;
}

/** Tokens of one formula that are read; what has more is none. */
const MOST_TOKENS = 500;

/** How a comma between digits is read: as part of a number (1,234 and 3,5) or as what parts two numbers. */
export type Comma = 'number' | 'list';

/**
 * A text with what is spelled in several ways made one: digits of other scripts, grouping of thousands, signs of Unicode and the
 * commands of LaTeX for them. Linear in the text.
 */
export function plainFormula(text: string): string {
  return foldDigits(text)
    .replace(
      /(?<!\\)\\\\(?=(?:[dtc]?frac|sqrt|boxed|left|right|text|pi|[lg]eq?|cup|cdot|times|infty|pm)(?![a-z]))/g,
      '\\',
    )
    .replace(/\\quad(?=[a-z][_=\s])/g, ' ')
    .replace(/(\d)\s{0,3}(?:,\s{0,3}\\!|\{,\s{0,3}\}|\\,|\u2009|\u202f|'(?=\d{3}\D))\s{0,3}(?=\d{3}(?!\d))/g, '$1')
    .replace(/\\[!]|\\(?:left|right|[bB]ig{1,2}[lrm]?)(?![a-zA-Z])\.?/g, '')
    .replace(/\^\s{0,3}(?:\\circ(?![a-z])|\{\s{0,3}\\circ\s{0,3}\})|\\degree(?![a-z])/g, '°')
    .replace(/[⁻⁺]?[⁰¹²³⁴-⁹]+/g, (power) => `^{${power.replace(/./g, superscript)}}`)
    .replace(/[¼-¾⅐-⅞]/g, (sign) => {
      const [above, below] = sign.normalize('NFKC').split('\u2044');
      return `\\frac{${above!}}{${below!}}`;
    })
    .replace(/[−–‐‑－]/g, '-')
    .replace(/(?<=[\d)\]}])(or|and)(?=[A-Z([{\d$\\])/g, ' $1 ')
    .replace(/\\(?:text|mbox|hbox)\s{0,2}\{\s{0,3}([-\d.,:;()\s]{1,40})\}/g, ' $1 ')
    .replace(/[（［｛，；：｝］）！＝＜＞｜＾]/g, (wide) => wide.normalize('NFKC'));
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const superscript = (sign: string): string =>
  sign === '⁻' ? '-' : sign === '⁺' ? '+' : String(SUPERSCRIPTS.indexOf(sign));

/** Commands that are one sign. */
const SIGNS: Readonly<Record<string, string>> = {
  cdot: '*',
  times: '*',
  ast: '*',
  div: '/',
  pm: '±',
  mp: '∓',
  le: '≤',
  leq: '≤',
  leqslant: '≤',
  ge: '≥',
  geq: '≥',
  geqslant: '≥',
  lt: '<',
  gt: '>',
  ne: '≠',
  neq: '≠',
  in: '∈',
  cup: '∪',
  setminus: '∖',
  backslash: '∖',
  infty: '∞',
  approx: '=',
  simeq: '=',
  colon: ':',
  lvert: '|',
  rvert: '|',
  vert: '|',
  mid: '|',
  langle: '(',
  rangle: ')',
  lbrace: '⦃',
  rbrace: '⦄',
  '{': '⦃',
  '}': '⦄',
  '|': '|',
  '%': '%',
  lfloor: '⌊',
  rfloor: '⌋',
  lceil: '⌈',
  rceil: '⌉',
  prime: "'",
  lbrack: '[',
  rbrack: ']',
  ';': ' ',
};
/** The same of Unicode; what stands for nothing is left out. */
const UNICODE: Readonly<Record<string, string>> = {
  '×': '*',
  '·': '*',
  '⋅': '*',
  '∙': '*',
  '⁎': '*',
  '÷': '/',
  '∕': '/',
  '≈': '=',
  '≃': '=',
  '⩽': '≤',
  '⩾': '≥',
  '、': ',',
  '∣': '|',
  '′': "'",
  '’': "'",
  '＊': '*',
  '。': '.',
  '⟨': '(',
  '⟩': ')',
  '〈': '(',
  '〉': ')',
  '\\': '∖',
  '％': '%',
};
/** Commands that wrap what is read as it stands, or that only set type. */
const WRAPPERS =
  /^(?:boxed|fbox|underline|mathbf|mathbb|mathcal|mathsf|boldsymbol|bm|vec|hat|bar|overline|displaystyle|textstyle|limits|nolimits|quad|qquad|left|right|large|Large|bf|it|rm|hline|mathop|tiny|small|normalsize|n|,|:|!| )$/;
const TEXTUAL = /^(?:text(?:bf|it|rm|sf|tt|normal)?|mbox|hbox|mathrm|mathit|mathtt|operatorname)$/;
const GREEK =
  /^(?:var)?(?:alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|rho|sigma|tau|upsilon|phi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Sigma|Upsilon|Phi|Psi|Omega|ell|emptyset|nothing|triangle|angle|hbar|nabla|partial)$/;
/** Functions that are known, as commands and as words. */
export const FUNCTIONS: ReadonlySet<string> = new Set(
  'sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh ln log exp lg abs sqrt cbrt floor ceil factorial'.split(
    ' ',
  ),
);
const ALIASES: Readonly<Record<string, string>> = {
  asin: 'arcsin',
  acos: 'arccos',
  atan: 'arctan',
  sgn: 'sign',
  lb: 'lb',
};
/** Words that part answers. */
const PARTING = /^(?:and|or|и|или|і|й|та|або|чи|또는|혹은|이고|和|与|及|或|或者|と|または|และ|หรือ)$/iu;

const NUMBER = /\d+(?:\.\d+)?|\.\d+/y;
const GROUPED = /\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?/y;
const DECIMAL_COMMA = /\d+,\d+(?![\d,.])/y;
const SPACED = /\d{1,3}(?: \d{3})+(?![\d ]*\d)(?:\.\d+)?/y;
const SCIENTIFIC = /[eE][-+]?\d{1,6}(?![\d\p{L}])/uy;
const REPEATING = /\\overline\s?\{\s?(\d{1,40})\s?\}/y;
const LETTERS = /[\p{L}\p{M}]+/uy;

/** The tokens of a formula that {@link plainFormula} gave; null where there are too many, or a sign has no meaning here. */
export function tokensOf(text: string, comma: Comma): Token[] | null {
  const tokens: Token[] = [];
  let at = 0;
  let spaced = false;
  let depth = 0;
  const push = (kind: Token['kind'], value: string, length: number): void => {
    tokens.push({ kind, text: value, at, spaced });
    at += length;
    spaced = false;
  };
  const found = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  while (at < text.length) {
    if (tokens.length > MOST_TOKENS) return null;
    const sign = text[at]!;
    if (/[\s~$£€¥₩₴฿₽₹`\u200b]/.test(sign)) {
      spaced = true;
      at++;
    } else if (/\d/.test(sign) || (sign === '.' && /\d/.test(text[at + 1] ?? ''))) {
      const whole =
        (comma === 'number' && depth === 0 ? (found(GROUPED) ?? found(DECIMAL_COMMA)) : null) ??
        (depth === 0 ? found(SPACED) : null) ??
        found(NUMBER)!;
      let number = whole[0];
      if (/^\d+,\d+$/.test(number) && !/^[1-9]\d{0,2},\d{3}$/.test(number)) number = number.replace(',', '.');
      number = number.replace(/[, ]/g, '');
      const length = whole[0].length;
      SCIENTIFIC.lastIndex = REPEATING.lastIndex = at + length;
      const scale = SCIENTIFIC.exec(text);
      const repeating = number.includes('.') || text[at + length] === '.' ? repeatingAt(text, at + length) : null;
      if (repeating !== null)
        push(
          'number',
          `${number.replace(/\.?$/, number.includes('.') ? '' : '.')}(${repeating.digits})`,
          length + repeating.length,
        );
      else push('number', number + (scale?.[0] ?? ''), length + (scale?.[0].length ?? 0));
    } else if (sign === '\\') {
      const command = /^\\(?:[A-Za-z]+|.)/su.exec(text.slice(at, at + 32))?.[0];
      if (command === undefined) return null;
      const name = command.slice(1);
      if (TEXTUAL.test(name)) {
        at += command.length;
        const content = textArgument(text, at);
        if (content === null) continue;
        if (!pushText(content.text, name.startsWith('math'))) return null;
        at = content.end;
        spaced = false;
      } else if (WRAPPERS.test(name)) {
        at += command.length;
        spaced = true;
      } else if (name === 'phantom' || name === 'hphantom' || name === 'vphantom') {
        at +=
          command.length +
          (/^\s*(?:\{[^{}]{0,40}\}|.)/s.exec(text.slice(at + command.length, at + command.length + 48))?.[0].length ??
            0);
      } else if (name === 'begin' || name === 'end') {
        const environment = /^\\(?:begin|end)\s?\{([a-z]{1,12}\*?)\}(?:\{[lcr|\s]{0,40}\})?/.exec(
          text.slice(at, at + 64),
        );
        if (environment === null) return null;
        push('command', `${name} ${environment[1]!}`, environment[0].length);
      } else if (name === '\\') push('sign', '\\\\', 2);
      else if (name === '$' || name === '#' || name === '(' || name === ')' || name === '[' || name === ']') at += 2;
      else if (SIGNS[name] === ' ') {
        at += 2;
        spaced = true;
      } else if (SIGNS[name] !== undefined) {
        const meant = SIGNS[name];
        if ('([⦃'.includes(meant)) depth++;
        if (')]⦄'.includes(meant)) depth--;
        push('sign', meant, command.length);
      } else if (name === 'pi') push('name', 'π', command.length);
      else if (GREEK.test(name)) push('name', name, command.length);
      else if (/^(?:[dtc]?frac|sqrt|[dt]?binom|sum|prod|int)$/.test(name) || FUNCTIONS.has(name))
        push('command', name.endsWith('frac') ? 'frac' : name.endsWith('binom') ? 'binom' : name, command.length);
      else push('name', name, command.length);
    } else if (/\p{L}/u.test(sign) || /[\ud800-\udbff]/.test(sign)) {
      const run = found(LETTERS);
      if (run === null) return null;
      letters(run[0]);
    } else {
      const meant = UNICODE[sign] ?? sign;
      if (meant === '.' || meant === '"' || meant === '?') {
        at++;
        continue;
      }
      if (sign === '*' && text[at + 1] === '*') {
        push('sign', '^', 2);
        continue;
      }
      const relation = /^(?:<=|>=|=<|=>|!=|==)/.exec(text.slice(at, at + 2))?.[0];
      if (relation !== undefined) {
        push('sign', RELATIONS[relation]!, 2);
        continue;
      }
      if (sign === '√' || sign === '∛') {
        push('command', sign === '√' ? 'sqrt' : 'cbrt', 1);
        continue;
      }
      if (!"+-*/^_()[]{}⦃⦄,;:|&!%°'<>≤≥=≠±∓∪∖∈∞⌊⌋⌈⌉".includes(meant)) return null;
      if ('([{'.includes(meant)) depth++;
      if (')]}'.includes(meant)) depth--;
      push('sign', meant, 1);
    }
  }
  return tokens;

  /** A run of letters outside of \text: a function, a word, or symbols side by side. */
  function letters(run: string): void {
    const known = ALIASES[run] ?? run;
    if (PARTING.test(run) && run.length > 1) push('sign', 'and', run.length);
    else if (run === 'pi' || run === 'π') push('name', 'π', run.length);
    else if (/^(?:inf|infinity|oo)$/i.test(run)) push('sign', '∞', run.length);
    else if (run === 'in') push('sign', '∈', run.length);
    else if (run === 'U' && spaced && tokens.at(-1) !== undefined && ')]'.includes(tokens.at(-1)!.text))
      push('sign', '∪', 1);
    else if (FUNCTIONS.has(known)) push('command', known, run.length);
    else if (!/^[A-Za-zα-ωΑ-Ω]+$/.test(run) || isWord(run)) push('word', run, run.length);
    else for (const letter of run) push('name', letter, 1);
  }

  /** Whether letters are a word: of four and more, or a unit behind a number. */
  function isWord(run: string): boolean {
    const before = tokens.at(-1);
    const behindNumber = before?.kind === 'number' || before?.kind === 'word' || before?.text === '/';
    if (UNITS.test(run)) return behindNumber;
    if (run.length < 3) return run.length === 2 && /^(?:AM|PM|am|pm)$/.test(run) && behindNumber;
    if (/^[A-Z]+$/.test(run) || run.length === 3) return before === undefined ? false : spaced && behindNumber;
    return spaced || before === undefined || before.kind === 'word' || '(,:'.includes(before.text);
  }

  /** What stands in \text: words and separators; a single letter is a word too, and what it means depends on its place. */
  function pushText(content: string, mathematical: boolean): boolean {
    const pattern = /([\p{L}\p{M}][\p{L}\p{M}'’]*)|(\d+(?:\.\d+)?)|(\s+)|(.)/gsu;
    for (const [, word, number, space, other] of content.matchAll(pattern)) {
      if (tokens.length > MOST_TOKENS) return false;
      if (space !== undefined) spaced = true;
      else if (word !== undefined) {
        if (PARTING.test(word)) push('sign', 'and', 0);
        else push(mathematical && word.length === 1 ? 'name' : 'word', word, 0);
      } else if (number !== undefined) push('number', number, 0);
      else if (other !== undefined && '(),;:/^-+%[]'.includes(other)) push('sign', other, 0);
      spaced ||= false;
    }
    spaced = true;
    return true;
  }
}

const RELATIONS: Readonly<Record<string, string>> = {
  '<=': '≤',
  '>=': '≥',
  '=<': '≤',
  '=>': '≥',
  '!=': '≠',
  '==': '=',
};

/** Units of measure that are more than one symbol only behind a number. */
const UNITS =
  /^(?:cm|mm|km|dm|nm|kg|mg|ml|mL|dl|oz|lbs?|ft|in|yd|mi|hrs?|mins?|secs?|ms|mph|kmh|kWh|kW|Hz|kHz|MHz|GHz|KB|MB|GB|Pa|kPa|kJ|cal|USD|EUR|GBP|KRW|JPY|CNY|THB|UAH|RUB|am|pm|sq|pct|deg|rad|mol)$/;

/** The braces behind \text, or the one sign. */
function textArgument(text: string, at: number): { text: string; end: number } | null {
  const match = /^\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}/.exec(text.slice(at, at + 400));
  return match === null ? null : { text: match[1]!.replace(/[{}$\\]/g, ' '), end: at + match[0].length };
}

function repeatingAt(text: string, at: number): { digits: string; length: number } | null {
  const point = text[at] === '.' ? 1 : 0;
  REPEATING.lastIndex = at + point;
  const match = REPEATING.exec(text);
  return match === null ? null : { digits: match[1]!, length: match[0].length + point };
}
