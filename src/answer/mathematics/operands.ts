import { Brackets } from './brackets.js';
import { negative, type Formula } from './formula.js';
import { rationalOf } from './numerals.js';

/** Operands: numbers, symbols, what a command makes, what stands in brackets. */
export abstract class Operands extends Brackets {
  protected abstract command(name: string): Formula;

  protected operand(): Formula {
    const token = this.tokens[this.at];
    if (token === undefined) this.fail();
    switch (token.kind) {
      case 'number':
        return this.number(token.text);
      case 'name':
        this.at++;
        return this.symbol(token.text);
      case 'word':
        // A letter in \text is a symbol where a value is looked for.
        if (token.text.length > 1) this.fail();
        this.at++;
        return this.symbol(token.text);
      case 'command':
        return this.within(() => this.command(token.text));
      case 'sign':
        return this.within(() => this.bracketed(token.text));
    }
  }

  protected number(text: string): Formula {
    this.at++;
    if (this.peek() === '_') return this.based(text);
    const value = rationalOf(text);
    if (value === null) this.fail();
    const point = text.indexOf('.');
    const exact = text.includes('(') || /e/i.test(text);
    return { kind: 'number', value, places: point < 0 || exact ? 0 : text.length - point - 1 };
  }

  protected based(digits: string): Formula {
    this.at++;
    const base = this.subscript();
    if (base === '10') {
      const value = rationalOf(digits);
      return value === null ? this.fail() : { kind: 'number', value, places: 0 };
    }
    return { kind: 'based', digits: digits.replace(/^0+(?=\d)/, ''), base };
  }

  protected subscript(): string {
    if (!this.take('{')) {
      const token = this.tokens[this.at++];
      return token === undefined ? this.fail() : token.text;
    }
    let text = '';
    while (this.peek() !== '}') {
      const token = this.tokens[this.at++];
      if (token === undefined || text.length > 24) this.fail();
      text += token.text;
    }
    this.at++;
    return text;
  }

  protected symbol(name: string): Formula {
    let full = name;
    if (this.take('_')) full += `_${this.subscript()}`;
    while (this.take("'")) full += "'";
    if (full === 'π') return { kind: 'constant', name: 'pi' };
    if (full === 'e' || full === 'i') return { kind: 'constant', name: full };
    return { kind: 'symbol', name: full };
  }

  /** What a command is applied to: braces, or one operand. */
  protected argument(): Formula {
    return this.peek() === '{' ? this.group('{', '}') : this.operand();
  }

  protected exponent(): Formula {
    return this.within(() => {
      const sign = this.leadingSign();
      const base = this.argument();
      const value: Formula = this.take('^') ? { kind: 'power', base, exponent: this.exponent() } : base;
      return sign < 0 ? negative(value) : value;
    });
  }
}
