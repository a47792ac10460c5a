import { add, decimal, divide, type Rational } from '../rational.js';
import { negative, numeral, type Formula, type RelationSign, type Scalar } from './formula.js';
import { tokensOf, type Comma, type Token } from './tokens.js';
import { FUNCTIONS } from './vocabulary.js';

/** Brackets within brackets, and members of a list, set, tuple or matrix. */
const DEEPEST = 24;
const MOST_ITEMS = 64;

/** A formula, and the words of measure that stand behind it. */
export interface Parsed {
  formula: Formula;
  units: readonly string[];
}

/**
 * The formula that a text which plainFormula gave consists of, beside units; null where it is none, or none of this grammar.
 * With a plus-minus sign it is the list of both.
 */
export function parseFormula(text: string, comma: Comma): Parsed | null {
  const tokens = tokensOf(text, comma);
  if (tokens === null || tokens.length === 0) return null;
  const upper = new Parser(text, tokens, 1);
  const first = upper.whole();
  if (first === null) return null;
  if (!tokens.some(({ text }) => text === '±' || text === '∓')) return { formula: first, units: upper.units };
  const second = new Parser(text, tokens, -1).whole();
  return second === null ? null : { formula: both(first, second), units: upper.units };
}

/** What holds for the upper or for the lower sign. */
function both(upper: Formula, lower: Formula): Formula {
  if (upper.kind === 'set' && lower.kind === 'set') return { kind: 'set', items: [...upper.items, ...lower.items] };
  if (upper.kind === 'relation' && lower.kind === 'relation') {
    const [above, below] = [upper.sides.at(-1)!, lower.sides.at(-1)!];
    if (above.kind === 'set' && below.kind === 'set')
      return { ...upper, sides: [...upper.sides.slice(0, -1), both(above, below)] };
  }
  const items = (formula: Formula): readonly Formula[] => (formula.kind === 'list' ? formula.items : [formula]);
  return { kind: 'list', items: [...items(upper), ...items(lower)], free: true };
}

/** Thrown within this file alone, where a text is no formula. */
class NoFormula extends Error {}

class Parser {
  readonly units: string[] = [];
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #sign: 1 | -1;
  #at = 0;
  #depth = 0;
  /** Bars that are open. */
  #bars = 0;

  constructor(text: string, tokens: readonly Token[], sign: 1 | -1) {
    this.#text = text;
    this.#tokens = tokens;
    this.#sign = sign;
  }

  whole(): Formula | null {
    try {
      const formula = this.#lists();
      return this.#at === this.#tokens.length ? formula : null;
    } catch (error) {
      if (error instanceof NoFormula) return null;
      throw error;
    }
  }

  #fail(): never {
    throw new NoFormula();
  }

  #peek(ahead = 0): string {
    const token = this.#tokens[this.#at + ahead];
    return token?.kind === 'sign' ? token.text : '';
  }

  #take(...signs: string[]): boolean {
    if (!signs.includes(this.#peek())) return false;
    this.#at++;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) this.#fail();
  }

  #within<T>(read: () => T): T {
    if (++this.#depth > DEEPEST) this.#fail();
    const value = read();
    this.#depth--;
    return value;
  }

  /** Lists apart by semicolons. */
  #lists(): Formula {
    const items = [this.#list()];
    while (this.#take(';')) {
      if (this.#at === this.#tokens.length) break;
      items.push(this.#list());
      if (items.length > MOST_ITEMS) this.#fail();
    }
    return items.length === 1 ? items[0]! : { kind: 'list', items, free: true };
  }

  #list(): Formula {
    const items = [this.#relation()];
    let free = false;
    for (;;) {
      const comma = this.#take(',');
      const word = this.#take('and');
      if (!comma && !word) break;
      if (word) free = true;
      if (this.#at === this.#tokens.length) break;
      items.push(this.#relation());
      if (items.length > MOST_ITEMS) this.#fail();
    }
    return items.length === 1 ? items[0]! : { kind: 'list', items, free };
  }

  #relation(): Formula {
    const start = this.#tokens[this.#at]?.at ?? 0;
    if (this.#peek() === '=') this.#at++; // ≈ 8.24
    const sides = [this.#ratio()];
    const signs: RelationSign[] = [];
    let name: string | null = null;
    while (RELATIONS.has(this.#peek())) {
      if (signs.length === 0) name = nameOf(this.#text.slice(start, this.#tokens[this.#at]!.at));
      signs.push(this.#peek() as RelationSign);
      this.#at++;
      sides.push(this.#ratio());
    }
    return signs.length === 0 ? sides[0]! : { kind: 'relation', sides, signs, name };
  }

  #ratio(): Formula {
    const parts = [this.#union()];
    while (this.#take(':')) parts.push(this.#union());
    return parts.length === 1 ? parts[0]! : { kind: 'ratio', parts };
  }

  #union(): Formula {
    const parts = [this.#sum()];
    let difference = false;
    for (;;) {
      if (this.#take('∪')) parts.push(this.#sum());
      else if (this.#take('∖')) {
        parts.push(this.#sum());
        difference = true;
      } else break;
    }
    if (parts.length > MOST_ITEMS) this.#fail();
    if (difference)
      return parts.length === 2 ? { kind: 'difference', from: parts[0]!, without: parts[1]! } : this.#fail();
    return parts.length === 1 ? parts[0]! : { kind: 'union', parts };
  }

  #sum(): Formula {
    const terms: Formula[] = [];
    let sign = this.#leadingSign();
    for (;;) {
      const term = this.#product();
      terms.push(sign < 0 ? negative(term) : term);
      this.#unitsBehind();
      const next = this.#signHere();
      if (next === 0) break;
      sign = next;
    }
    return terms.length === 1 ? terms[0]! : { kind: 'sum', of: terms };
  }

  #leadingSign(): 1 | -1 {
    let sign: 1 | -1 = 1;
    for (let next = this.#signHere(); next !== 0; next = this.#signHere()) sign = sign === next ? 1 : -1;
    return sign;
  }

  /** A plus or minus sign, taken; 0 where there is none. */
  #signHere(): 1 | -1 | 0 {
    const sign = this.#peek();
    if (sign !== '+' && sign !== '-' && sign !== '±' && sign !== '∓') return 0;
    this.#at++;
    if (sign === '±') return this.#sign;
    if (sign === '∓') return this.#sign > 0 ? -1 : 1;
    return sign === '+' ? 1 : -1;
  }

  /** Words of measure behind an operand: cm^2, km/h, square units. They say nothing of the value. */
  #unitsBehind(): void {
    for (let first = true; ; first = false) {
      const isUnit = this.#tokens[this.#at]?.kind === 'word';
      const per = !first && '/*-'.includes(this.#peek() || ' ') && this.#tokens[this.#at + 1]?.kind === 'word';
      const perFirst = first && this.#peek() === '/' && this.#tokens[this.#at + 1]?.kind === 'word';
      if (!isUnit && !per && !perFirst) return;
      if (!isUnit) this.units.push(this.#tokens[this.#at++]!.text);
      this.units.push(this.#tokens[this.#at++]!.text);
      if (this.#peek() === '^') {
        const brace = this.#peek(1) === '{';
        const at =
          this.#at + 1 + (brace ? 1 : 0) + (this.#tokens[this.#at + 1 + (brace ? 1 : 0)]?.text === '-' ? 1 : 0);
        if (this.#tokens[at]?.kind !== 'number') this.#fail();
        this.units.push(`^${this.#tokens[at].text}`);
        this.#at = at + 1;
        if (brace) this.#expect('}');
      }
    }
  }

  #product(): Formula {
    let value = this.#factor();
    for (;;) {
      if (this.#take('*')) value = product(value, this.#signed());
      else if (this.#peek() === '/' && this.#tokens[this.#at + 1]?.kind !== 'word') {
        this.#at++;
        value = { kind: 'quotient', above: value, below: this.#signed() };
      } else if (this.#startsOperand()) {
        const next = this.#tokens[this.#at]!;
        if (next.kind === 'number' && this.#tokens[this.#at - 1]!.kind === 'number') {
          value = this.#mixed(value);
          continue;
        }
        value = isMixed(value, next, this.#tokens[this.#at - 1]!)
          ? this.#mixedFraction(value)
          : product(value, this.#factor());
      } else return value;
    }
  }

  #signed(): Formula {
    const sign = this.#leadingSign();
    const value = this.#factor();
    return sign < 0 ? negative(value) : value;
  }

  /** 1 3/4: a proper fraction behind a whole number. */
  #mixed(integer: Formula): Formula {
    const above = this.#tokens[this.#at]!;
    const below = this.#tokens[this.#at + 2];
    if (integer.kind !== 'number' || this.#peek(1) !== '/' || below?.kind !== 'number') this.#fail();
    const part = fractionOf(above.text, below.text);
    if (part === null || integer.value.denominator !== 1n) this.#fail();
    this.#at += 3;
    return { kind: 'number', value: add(integer.value, part), places: 0 };
  }

  /** 1\frac{3}{4}; another fraction behind a number is a factor. */
  #mixedFraction(integer: Formula): Formula {
    const fraction = this.#factor();
    if (
      integer.kind === 'number' &&
      fraction.kind === 'quotient' &&
      fraction.above.kind === 'number' &&
      fraction.below.kind === 'number'
    ) {
      const { above, below } = fraction;
      if (
        above.value.denominator === 1n &&
        below.value.denominator === 1n &&
        above.value.numerator < below.value.numerator
      ) {
        const part = divide(above.value, below.value);
        if (part !== null) return { kind: 'number', value: add(integer.value, part), places: 0 };
      }
    }
    return product(integer, fraction);
  }

  #startsOperand(): boolean {
    const token = this.#tokens[this.#at];
    if (token === undefined) return false;
    if (token.kind === 'sign') return '([{⌊⌈∞'.includes(token.text) || (token.text === '|' && this.#bars === 0);
    if (token.kind === 'command') return !token.text.startsWith('end ');
    return token.kind !== 'word';
  }

  /** An operand with its powers, factorials, degrees and percents. */
  #factor(): Formula {
    let value = this.#operand();
    for (;;) {
      const sign = this.#peek();
      if (sign === '^') {
        this.#at++;
        value = { kind: 'power', base: value, exponent: this.#exponent() };
      } else if (sign === '!') {
        this.#at++;
        value = { kind: 'call', name: this.#take('!') ? 'factorial2' : 'factorial', of: value };
      } else if (sign === '°') {
        this.#at++;
        value = { kind: 'degree', of: value };
      } else if (sign === '%') {
        this.#at++;
        value = { kind: 'percent', of: value };
      } else return value;
    }
  }

  #exponent(): Formula {
    return this.#within(() => {
      const sign = this.#leadingSign();
      const base = this.#argument();
      const value: Formula = this.#take('^') ? { kind: 'power', base, exponent: this.#exponent() } : base;
      return sign < 0 ? negative(value) : value;
    });
  }

  /** What a command is applied to: braces, or one operand. */
  #argument(): Formula {
    return this.#peek() === '{' ? this.#group('{', '}') : this.#operand();
  }

  #group(open: string, close: string): Formula {
    return this.#within(() => {
      this.#expect(open);
      const bars = this.#bars;
      this.#bars = 0;
      const value = this.#sum();
      this.#bars = bars;
      this.#expect(close);
      return value;
    });
  }

  #operand(): Formula {
    const token = this.#tokens[this.#at];
    if (token === undefined) this.#fail();
    switch (token.kind) {
      case 'number':
        return this.#number(token.text);
      case 'name':
        this.#at++;
        return this.#symbol(token.text);
      case 'word':
        // A letter in \text is a symbol where a value is looked for.
        if (token.text.length > 1) this.#fail();
        this.#at++;
        return this.#symbol(token.text);
      case 'command':
        return this.#within(() => this.#command(token.text));
      case 'sign':
        return this.#within(() => this.#bracketed(token.text));
    }
  }

  #number(text: string): Formula {
    this.#at++;
    if (this.#peek() === '_') return this.#based(text);
    const value = rationalOf(text);
    if (value === null) this.#fail();
    const point = text.indexOf('.');
    const exact = text.includes('(') || /e/i.test(text);
    return { kind: 'number', value, places: point < 0 || exact ? 0 : text.length - point - 1 };
  }

  #based(digits: string): Formula {
    this.#at++;
    const base = this.#subscript();
    if (base === '10') {
      const value = rationalOf(digits);
      return value === null ? this.#fail() : { kind: 'number', value, places: 0 };
    }
    return { kind: 'based', digits: digits.replace(/^0+(?=\d)/, ''), base };
  }

  #subscript(): string {
    if (!this.#take('{')) {
      const token = this.#tokens[this.#at++];
      return token === undefined ? this.#fail() : token.text;
    }
    let text = '';
    while (this.#peek() !== '}') {
      const token = this.#tokens[this.#at++];
      if (token === undefined || text.length > 24) this.#fail();
      text += token.text;
    }
    this.#at++;
    return text;
  }

  #symbol(name: string): Formula {
    let full = name;
    if (this.#take('_')) full += `_${this.#subscript()}`;
    while (this.#take("'")) full += "'";
    if (full === 'π') return { kind: 'constant', name: 'pi' };
    if (full === 'e' || full === 'i') return { kind: 'constant', name: full };
    return { kind: 'symbol', name: full };
  }

  #command(name: string): Formula {
    this.#at++;
    if (name.startsWith('begin ')) return this.#environment(name.slice(6));
    if (name === 'frac' || name === 'binom') {
      const [above, below] = this.#parts();
      return name === 'frac' ? { kind: 'quotient', above, below } : { kind: 'call', name, of: above, by: below };
    }
    if (name === 'sqrt') {
      const degree = this.#peek() === '[' ? this.#group('[', ']') : numeral(2);
      return { kind: 'call', name: 'root', of: this.#argument(), by: degree };
    }
    if (name === 'sum' || name === 'prod' || name === 'int') return this.#over(name);
    if (name === 'cbrt') return { kind: 'call', name: 'root', of: this.#argument(), by: numeral(3) };
    if (!FUNCTIONS.has(name)) this.#fail();
    const by = this.#take('_') ? this.#argument() : undefined;
    const exponent = this.#take('^') ? this.#exponent() : undefined;
    const inverse = exponent?.kind === 'negative' && exponent.of.kind === 'number' && /^(?:sin|cos|tan)$/.test(name);
    const of = this.#functionArgument();
    const call: Formula = { kind: 'call', name: inverse ? `arc${name}` : name, of, ...(by !== undefined && { by }) };
    return exponent === undefined || inverse ? call : { kind: 'power', base: call, exponent };
  }

  /** A sum, product or integral: what is summed, and the bounds. */
  #over(name: string): Formula {
    const bound = (sign: string): Formula => {
      if (!this.#take(sign)) return numeral(0);
      if (this.#peek() !== '{') return this.#operand();
      const [item, more] = this.#items('}');
      return item === undefined || more !== undefined ? this.#fail() : item;
    };
    const bounds = [bound('_'), bound('^')].map((part) => (part.kind === 'relation' ? part.sides.at(-1)! : part));
    return { kind: 'call', name, of: this.#product(), by: { kind: 'tuple', open: '(', close: ')', items: bounds } };
  }

  /** sin(x), or sin 2x up to the next function. */
  #functionArgument(): Formula {
    if (this.#peek() === '(' || this.#peek() === '{') return this.#factor();
    let value = this.#signed();
    while (this.#startsOperand()) {
      const next = this.#tokens[this.#at]!;
      if (next.kind === 'command' && FUNCTIONS.has(next.text) && next.text !== 'sqrt') break;
      if (next.kind === 'number') break;
      value = product(value, this.#factor());
    }
    return value;
  }

  /** The two parts of a fraction; \frac34 is three quarters. */
  #parts(): [Formula, Formula] {
    const token = this.#tokens[this.#at];
    if (token?.kind === 'number' && /^\d\d$/.test(token.text)) {
      this.#at++;
      return [numeral(Number(token.text[0])), numeral(Number(token.text[1]))];
    }
    return [this.#argument(), this.#argument()];
  }

  #environment(name: string): Formula {
    if (!/^(?:[pbvBV]?matrix|array|smallmatrix)$/.test(name)) this.#fail();
    const rows: Formula[][] = [[]];
    for (let cells = 0; cells < MOST_ITEMS; cells++) {
      rows.at(-1)!.push(this.#sum());
      if (this.#take('&')) continue;
      if (this.#take('\\\\') && this.#tokens[this.#at]?.text !== `end ${name}`) {
        rows.push([]);
        continue;
      }
      if (this.#tokens[this.#at]?.text !== `end ${name}`) this.#fail();
      this.#at++;
      if (rows.some((row) => row.length !== rows[0]!.length)) this.#fail();
      return { kind: 'matrix', rows };
    }
    return this.#fail();
  }

  #bracketed(sign: string): Formula {
    switch (sign) {
      case '∞':
        this.#at++;
        return { kind: 'infinity' };
      case '|': {
        this.#at++;
        this.#bars++;
        const of = this.#sum();
        this.#bars--;
        this.#expect('|');
        return { kind: 'call', name: 'abs', of };
      }
      case '⌊':
        return { kind: 'call', name: 'floor', of: this.#group('⌊', '⌋') };
      case '⌈':
        return { kind: 'call', name: 'ceil', of: this.#group('⌈', '⌉') };
      case '⦃':
        return this.#set();
      case '{': {
        const items = this.#items('}');
        return items.length === 1 ? items[0]! : { kind: 'list', items, free: true };
      }
      case '(':
      case '[':
        return this.#tuple(sign);
      default:
        return this.#fail();
    }
  }

  #set(): Formula {
    return { kind: 'set', items: this.#items('⦄') };
  }

  /** Members apart by commas or semicolons, and the bracket that closes them. */
  #items(close: string, other?: string): Formula[] {
    this.#at++;
    const bars = this.#bars;
    this.#bars = 0;
    const items: Formula[] = [];
    if (!this.#take(close)) {
      do {
        items.push(this.#relation());
        if (items.length > MOST_ITEMS) this.#fail();
      } while (this.#parted(close));
      if (this.#peek() !== close && this.#peek() !== other) this.#fail();
      this.#at++;
    }
    this.#bars = bars;
    return items;
  }

  /** In a set "and" parts too, behind a comma or by itself. */
  #parted(close: string): boolean {
    const comma = this.#take(',', ';');
    return (close !== ')' && this.#take('and')) || comma;
  }

  #tuple(open: '(' | '['): Formula {
    const items = this.#items(')', ']');
    const close = this.#tokens[this.#at - 1]!.text as ')' | ']';
    const matched = (open === '(') === (close === ')');
    if (items.length === 1 && matched && open === '(') return items[0]!;
    if (items.length === 1 && matched && items[0]!.kind !== 'relation') return items[0]!;
    if (items.length === 0 || (!matched && items.length !== 2)) this.#fail();
    return { kind: 'tuple', open, close, items };
  }
}

const RELATIONS: ReadonlySet<string> = new Set(['=', '≠', '<', '≤', '>', '≥', '∈']);

function product(a: Formula, b: Formula): Scalar {
  return { kind: 'product', of: a.kind === 'product' ? [...a.of, b] : [a, b] };
}

const isMixed = (value: Formula, next: Token, before: Token): boolean =>
  value.kind === 'number' &&
  value.value.denominator === 1n &&
  before.kind === 'number' &&
  next.kind === 'command' &&
  next.text === 'frac';

function fractionOf(above: string, below: string): Rational | null {
  if (!/^\d{1,20}$/.test(above) || !/^\d{1,20}$/.test(below) || Number(above) >= Number(below)) return null;
  return divide(decimal(above)!, decimal(below)!);
}

/** 12, 1.5, 1e5, 0.1(6). */
function rationalOf(text: string): Rational | null {
  const repeating = /^(\d*\.\d*)\((\d+)\)$/.exec(text);
  if (repeating !== null) {
    const [, head, tail] = repeating as unknown as [string, string, string];
    const places = head.length - head.indexOf('.') - 1;
    const start = decimal(head);
    const part = decimal(tail, -places);
    const nines = decimal('9'.repeat(tail.length));
    return start === null || part === null || nines === null ? null : add(start, divide(part, nines)!);
  }
  const [digits, exponent] = text.split(/e/i) as [string, string?];
  return decimal(digits, exponent === undefined ? 0 : Number(exponent));
}

/** The left side of an equation, where it only names what is asked for: x, x_1, f(x), AB, |AB|, NO/BO, (p, q), D. */
function nameOf(left: string): string | null {
  const bare = left
    .replace(/\\(?:d?frac|text|mathrm|mathbf|overline|vec|angle|quad|,|;| )|[\s{}$\\]/g, '')
    .replace(/:$/, '');
  if (bare.length === 0 || bare.length > 40) return null;
  if (
    /^[\p{L}\p{M}°']+(?:_?\d{1,3}|_\p{L}{1,8})?(?:\((?:[A-Za-z]|-?\d{1,4})(?:,(?:[A-Za-z]|-?\d{1,4}))*\))?$/u.test(bare)
  )
    return bare.replace(/\(.*/, '');
  if (/^\|[A-Z]{1,3}\|$|^\([A-Za-z](?:_?\d)?(?:,[A-Za-z](?:_?\d)?){1,5}\)$/.test(bare)) return bare;
  return /^[A-Z]{1,3}(?:_?\d)?[/:][A-Z]{1,3}(?:_?\d)?$/.test(bare) ? bare : null;
}
