import type { Formula } from './formula.js';
import type { Token } from './tokens.js';

/** Brackets within brackets, and members of a list, set, tuple or matrix. */
const DEEPEST = 24;
export const MOST_ITEMS = 64;

/** Thrown where a text is no formula; it does not leave {@link Cursor.attempt}. */
class NoFormula extends Error {}

/** A place among the tokens of a formula. The grammar's rules stand in the classes that extend it. */
export class Cursor {
  protected readonly tokens: readonly Token[];
  protected at = 0;
  /** Bars that are open: |x| ends at the next one. */
  protected bars = 0;
  readonly #sign: 1 | -1;
  #depth = 0;

  /** `sign`: what ± stands for. */
  constructor(tokens: readonly Token[], sign: 1 | -1) {
    this.tokens = tokens;
    this.#sign = sign;
  }

  /** What a rule reads, where that is all of the tokens. */
  protected attempt(rule: () => Formula): Formula | null {
    try {
      const formula = rule();
      return this.at === this.tokens.length ? formula : null;
    } catch (error) {
      if (error instanceof NoFormula) return null;
      throw error;
    }
  }

  protected fail(): never {
    throw new NoFormula();
  }

  protected peek(ahead = 0): string {
    const token = this.tokens[this.at + ahead];
    return token?.kind === 'sign' ? token.text : '';
  }

  protected take(...signs: string[]): boolean {
    if (!signs.includes(this.peek())) return false;
    this.at++;
    return true;
  }

  protected expect(sign: string): void {
    if (!this.take(sign)) this.fail();
  }

  protected within<T>(read: () => T): T {
    if (++this.#depth > DEEPEST) this.fail();
    const value = read();
    this.#depth--;
    return value;
  }

  protected leadingSign(): 1 | -1 {
    let sign: 1 | -1 = 1;
    for (let next = this.signHere(); next !== 0; next = this.signHere()) sign = sign === next ? 1 : -1;
    return sign;
  }

  /** A plus or minus sign, taken; 0 where there is none. */
  protected signHere(): 1 | -1 | 0 {
    const sign = this.peek();
    if (sign !== '+' && sign !== '-' && sign !== '±' && sign !== '∓') return 0;
    this.at++;
    if (sign === '±') return this.#sign;
    if (sign === '∓') return this.#sign > 0 ? -1 : 1;
    return sign === '+' ? 1 : -1;
  }

  /** (mod 5). */
  protected beginsModulus(): boolean {
    return this.peek() === '(' && this.peek(1) === 'mod';
  }

  /** Whether an operand begins here. */
  protected startsOperand(): boolean {
    const token = this.tokens[this.at];
    if (token === undefined || this.beginsModulus()) return false;
    if (token.kind === 'sign') return '([{⌊⌈∞'.includes(token.text) || (token.text === '|' && this.bars === 0);
    if (token.kind === 'command') return !token.text.startsWith('end ');
    return token.kind !== 'word';
  }
}
