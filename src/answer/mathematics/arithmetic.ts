import { add, divide } from '../rational.js';
import { Commands } from './commands.js';
import { negative, product, type Formula } from './formula.js';
import { fractionOf } from './numerals.js';
import type { Token } from './tokens.js';

/** Sums of products of factors, and the words of measure behind them. */
export abstract class Arithmetic extends Commands {
  readonly units: string[] = [];

  protected sum(): Formula {
    const terms: Formula[] = [];
    let sign = this.leadingSign();
    for (;;) {
      const term = this.product();
      terms.push(sign < 0 ? negative(term) : term);
      this.unitsBehind();
      const next = this.signHere();
      if (next === 0) break;
      sign = next;
    }
    return terms.length === 1 ? terms[0]! : { kind: 'sum', of: terms };
  }

  /** Words of measure behind an operand: cm^2, km/h, square units. They say nothing of the value. */
  protected unitsBehind(): void {
    for (let first = true; ; first = false) {
      const isUnit = this.tokens[this.at]?.kind === 'word';
      const per = !first && '/*-'.includes(this.peek() || ' ') && this.tokens[this.at + 1]?.kind === 'word';
      const perFirst = first && this.peek() === '/' && this.tokens[this.at + 1]?.kind === 'word';
      if (!isUnit && !per && !perFirst) return;
      if (!isUnit) this.units.push(this.tokens[this.at++]!.text);
      this.units.push(this.tokens[this.at++]!.text);
      if (this.peek() === '^') {
        const brace = this.peek(1) === '{';
        const at = this.at + 1 + (brace ? 1 : 0) + (this.tokens[this.at + 1 + (brace ? 1 : 0)]?.text === '-' ? 1 : 0);
        if (this.tokens[at]?.kind !== 'number') this.fail();
        this.units.push(`^${this.tokens[at].text}`);
        this.at = at + 1;
        if (brace) this.expect('}');
      }
    }
  }

  protected product(): Formula {
    let value = this.factor();
    for (;;) {
      if (this.take('*')) value = product(value, this.signed());
      else if (this.peek() === '/' && this.tokens[this.at + 1]?.kind !== 'word') {
        this.at++;
        value = { kind: 'quotient', above: value, below: this.signed() };
      } else if (this.startsOperand()) {
        const next = this.tokens[this.at]!;
        if (next.kind === 'number' && this.tokens[this.at - 1]!.kind === 'number') {
          value = this.mixed(value);
          continue;
        }
        value = isMixed(value, next, this.tokens[this.at - 1]!)
          ? this.mixedFraction(value)
          : product(value, this.factor());
      } else return value;
    }
  }

  protected signed(): Formula {
    const sign = this.leadingSign();
    const value = this.factor();
    return sign < 0 ? negative(value) : value;
  }

  /** 1 3/4: a proper fraction behind a whole number. */
  protected mixed(integer: Formula): Formula {
    const above = this.tokens[this.at]!;
    const below = this.tokens[this.at + 2];
    if (integer.kind !== 'number' || this.peek(1) !== '/' || below?.kind !== 'number') this.fail();
    const part = fractionOf(above.text, below.text);
    if (part === null || integer.value.denominator !== 1n) this.fail();
    this.at += 3;
    return { kind: 'number', value: add(integer.value, part), places: 0 };
  }

  /** 1\frac{3}{4}; another fraction behind a number is a factor. */
  protected mixedFraction(integer: Formula): Formula {
    const fraction = this.factor();
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

  /** An operand with its powers, factorials, degrees and percents. */
  protected factor(): Formula {
    let value = this.operand();
    for (;;) {
      const sign = this.peek();
      if (sign === '^') {
        this.at++;
        value = { kind: 'power', base: value, exponent: this.exponent() };
      } else if (sign === '!') {
        this.at++;
        value = { kind: 'call', name: this.take('!') ? 'factorial2' : 'factorial', of: value };
      } else if (sign === '°') {
        this.at++;
        value = { kind: 'degree', of: value };
      } else if (sign === '%') {
        this.at++;
        value = { kind: 'percent', of: value };
      } else return value;
    }
  }
}

const isMixed = (value: Formula, next: Token, before: Token): boolean =>
  value.kind === 'number' &&
  value.value.denominator === 1n &&
  before.kind === 'number' &&
  next.kind === 'command' &&
  next.text === 'frac';
