import { matchAt } from '../match_at.js';
import { ALIASES, FUNCTIONS, PARTING, RELATIONS, SIGNS, TEXTUAL, UNICODE, UNITS, WRAPPERS } from './vocabulary.js';

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

const NUMBER = /\d+(?:\.\d+)?|\.\d+/y;
const GROUPED = /\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?/y;
const DECIMAL_COMMA = /\d+,\d+(?![\d,.])/y;
const SPACED = /\d{1,3}(?: \d{3})+(?![\d ]*\d)(?:\.\d+)?/y;
const SCIENTIFIC = /[eE][-+]?\d{1,6}(?![\d\p{L}])/uy;
const REPEATING = /\\overline\s?\{\s?(\d{1,40})\s?\}/y;
const LETTERS = /[\p{L}\p{M}]+/uy;
const COMMAND = /\\(?:[A-Za-z]{1,30}|.)/suy;
const PHANTOM = /\\[hv]?phantom\s{0,4}(?:\{[^{}]{0,40}\}|.)/suy;
const ENVIRONMENT = /\\(?:begin|end)\s?\{([a-z]{1,12}\*?)\}(?:\{[lcr|\s]{0,40}\})?/y;
const IN_TEXT = /([\p{L}\p{M}][\p{L}\p{M}'’]*)|(\d+(?:\.\d+)?)|(\s+)|(.)/gsu;

/** A command that applies to what follows, under one name. */
const APPLIED: Readonly<Record<string, string>> = {
  ...{ frac: 'frac', dfrac: 'frac', tfrac: 'frac', cfrac: 'frac' },
  ...{ binom: 'binom', dbinom: 'binom', tbinom: 'binom' },
  ...{ sqrt: 'sqrt', sum: 'sum', prod: 'prod', int: 'int' },
};
const KNOWN_SIGNS = "+-*/^_()[]{}⦃⦄,;:|&!%°'<>≤≥=≠≡±∓∪∖∈∞⌊⌋⌈⌉";
const MONEY_AND_SPACE = /[\s~$£€¥₩₴฿₽₹`\u200b]/;

/** The tokens of a formula that plainFormula gave; null where there are too many, or a sign has no meaning here. */
export function tokensOf(text: string, comma: Comma): Token[] | null {
  return new Tokenizer(text, comma).all();
}

class Tokenizer {
  readonly #tokens: Token[] = [];
  readonly #text: string;
  readonly #comma: Comma;
  #at = 0;
  #spaced = false;
  /** Brackets that are open; within them a comma parts. */
  #depth = 0;

  constructor(text: string, comma: Comma) {
    this.#text = text;
    this.#comma = comma;
  }

  all(): Token[] | null {
    while (this.#at < this.#text.length) {
      if (this.#tokens.length > MOST_TOKENS || !this.#next()) return null;
    }
    return this.#tokens;
  }

  /** Reads on; false where a sign has no meaning. */
  #next(): boolean {
    const sign = this.#text[this.#at]!;
    if (MONEY_AND_SPACE.test(sign)) return this.#skip(1);
    if (/\d/.test(sign) || (sign === '.' && /\d/.test(this.#text[this.#at + 1] ?? ''))) return this.#number();
    if (sign === '\\') return this.#command();
    if (/\p{L}/u.test(sign) || /[\ud800-\udbff]/.test(sign)) return this.#letters();
    return this.#sign(sign);
  }

  #push(kind: Token['kind'], value: string, length: number): true {
    this.#tokens.push({ kind, text: value, at: this.#at, spaced: this.#spaced });
    this.#at += length;
    this.#spaced = false;
    return true;
  }

  #pushSign(sign: string, length: number): true {
    if ('([{⦃'.includes(sign)) this.#depth++;
    if (')]}⦄'.includes(sign)) this.#depth--;
    return this.#push('sign', sign, length);
  }

  /** What only parts. */
  #skip(length: number): true {
    this.#at += length;
    this.#spaced = true;
    return true;
  }

  #found(pattern: RegExp): string | null {
    return matchAt(pattern, this.#text, this.#at)?.[0] ?? null;
  }

  #number(): true {
    const grouped =
      this.#depth > 0 ? null : this.#comma === 'number' ? (this.#found(GROUPED) ?? this.#found(DECIMAL_COMMA)) : null;
    const written = grouped ?? (this.#depth === 0 ? this.#found(SPACED) : null) ?? this.#found(NUMBER)!;
    const isDecimal = /^\d+,\d+$/.test(written) && !/^[1-9]\d{0,2},\d{3}$/.test(written);
    const digits = (isDecimal ? written.replace(',', '.') : written).replace(/[, ]/g, '');
    const end = this.#at + written.length;
    const repeating = digits.includes('.') || this.#text[end] === '.' ? repeatingAt(this.#text, end) : null;
    if (repeating !== null) {
      const point = digits.includes('.') ? '' : '.';
      return this.#push('number', `${digits}${point}(${repeating.digits})`, written.length + repeating.length);
    }
    const scale = matchAt(SCIENTIFIC, this.#text, end)?.[0] ?? '';
    return this.#push('number', digits + scale, written.length + scale.length);
  }

  #command(): boolean {
    const command = this.#found(COMMAND);
    if (command === null) return false;
    const name = command.slice(1);
    if (TEXTUAL.test(name)) return this.#textual(name, command.length);
    if (WRAPPERS.test(name) || '$#()[]'.includes(name)) return this.#skip(command.length);
    if (/^[hv]?phantom$/.test(name)) return this.#skip(this.#found(PHANTOM)?.length ?? command.length);
    if (name === 'begin' || name === 'end') {
      const environment = matchAt(ENVIRONMENT, this.#text, this.#at);
      return environment !== null && this.#push('command', `${name} ${environment[1]!}`, environment[0].length);
    }
    if (name === '\\') return this.#push('sign', '\\\\', 2);
    const sign = SIGNS[name];
    if (sign === ' ') return this.#skip(2);
    if (sign !== undefined) return this.#pushSign(sign, command.length);
    if (name === 'pi') return this.#push('name', 'π', command.length);
    const applied = APPLIED[name] ?? (FUNCTIONS.has(name) ? name : undefined);
    // A command that is not known is a symbol of that name.
    return applied === undefined
      ? this.#push('name', name, command.length)
      : this.#push('command', applied, command.length);
  }

  /** What stands in \text: words and separators; a single letter is a word too, and what it means depends on its place. */
  #textual(name: string, length: number): boolean {
    this.#at += length;
    const content = textArgument(this.#text, this.#at);
    if (content === null) return true;
    const mathematical = name.startsWith('math');
    for (const [, word, number, space, other] of content.text.matchAll(IN_TEXT)) {
      if (this.#tokens.length > MOST_TOKENS) return false;
      if (space !== undefined) this.#spaced = true;
      else if (number !== undefined) this.#push('number', number, 0);
      else if (word !== undefined) {
        const kind =
          PARTING.test(word) || word === 'mod' ? 'sign' : mathematical && word.length === 1 ? 'name' : 'word';
        this.#push(kind, kind === 'sign' && word !== 'mod' ? 'and' : word, 0);
      } else if ('(),;:/^-+%[]'.includes(other!)) this.#push('sign', other!, 0);
    }
    this.#at = content.end;
    return true;
  }

  /** A run of letters outside of \text: a function, a word, or symbols side by side. */
  #letters(): boolean {
    const run = this.#found(LETTERS);
    if (run === null) return false;
    const { length } = run;
    const known = ALIASES[run] ?? run;
    if (PARTING.test(run)) return this.#push('sign', 'and', length);
    if (run === 'mod') return this.#push('sign', 'mod', length);
    if (run === 'pi' || run === 'π') return this.#push('name', 'π', length);
    if (/^(?:inf|infinity|oo)$/i.test(run)) return this.#push('sign', '∞', length);
    if (run === 'in') return this.#push('sign', '∈', length);
    if (run === 'U' && this.#spaced && /^[)\]]$/.test(this.#tokens.at(-1)?.text ?? ''))
      return this.#push('sign', '∪', 1);
    if (FUNCTIONS.has(known)) return this.#push('command', known, length);
    if (!/^[A-Za-zα-ωΑ-Ω]+$/.test(run) || this.#isWord(run)) return this.#push('word', run, length);
    for (const letter of run) this.#push('name', letter, 1);
    return true;
  }

  /** Whether letters are a word: of four and more, or a unit behind a number. */
  #isWord(run: string): boolean {
    const before = this.#tokens.at(-1);
    const behindNumber = before?.kind === 'number' || before?.kind === 'word' || before?.text === '/';
    if (UNITS.test(run)) return behindNumber;
    if (run.length < 3) return behindNumber && /^(?:AM|PM)$/.test(run);
    if (/^[A-Z]+$/.test(run) || run.length === 3) return this.#spaced && behindNumber;
    return this.#spaced || before === undefined || before.kind === 'word' || '(,:'.includes(before.text);
  }

  #sign(sign: string): boolean {
    const meant = UNICODE[sign] ?? sign;
    if (meant === '.' || meant === '"' || meant === '?') {
      this.#at++;
      return true;
    }
    const pair = this.#text.slice(this.#at, this.#at + 2);
    if (pair === '**') return this.#push('sign', '^', 2);
    if (RELATIONS[pair] !== undefined) return this.#push('sign', RELATIONS[pair], 2);
    if (sign === '√' || sign === '∛') return this.#push('command', sign === '√' ? 'sqrt' : 'cbrt', 1);
    return KNOWN_SIGNS.includes(meant) && this.#pushSign(meant, 1);
  }
}

/** The braces behind \text, or the one sign. */
function textArgument(text: string, at: number): { text: string; end: number } | null {
  const match = /^\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}/.exec(text.slice(at, at + 400));
  return match === null ? null : { text: match[1]!.replace(/[{}$\\]/g, ' '), end: at + match[0].length };
}

function repeatingAt(text: string, at: number): { digits: string; length: number } | null {
  const point = text[at] === '.' ? 1 : 0;
  const match = matchAt(REPEATING, text, at + point);
  return match === null ? null : { digits: match[1]!, length: match[0].length + point };
}
