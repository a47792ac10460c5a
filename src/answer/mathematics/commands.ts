import { MOST_ITEMS } from './cursor.js';
import { numeral, product, type Formula } from './formula.js';
import { Operands } from './operands.js';
import { FUNCTIONS } from './vocabulary.js';

/** Commands with what they apply to: fractions, roots, functions, sums and integrals, matrices. */
export abstract class Commands extends Operands {
  protected abstract product(): Formula;
  /** An operand with a sign before it. */
  protected abstract signed(): Formula;
  protected abstract factor(): Formula;

  protected command(name: string): Formula {
    this.at++;
    if (name.startsWith('begin ')) return this.environment(name.slice(6));
    if (name === 'frac' || name === 'binom') {
      const [above, below] = this.parts();
      return name === 'frac' ? { kind: 'quotient', above, below } : { kind: 'call', name, of: above, by: below };
    }
    if (name === 'sqrt') {
      const degree = this.peek() === '[' ? this.group('[', ']') : numeral(2);
      return { kind: 'call', name: 'root', of: this.argument(), by: degree };
    }
    if (name === 'sum' || name === 'prod' || name === 'int') return this.over(name);
    if (name === 'cbrt') return { kind: 'call', name: 'root', of: this.argument(), by: numeral(3) };
    if (!FUNCTIONS.has(name)) this.fail();
    const by = this.take('_') ? this.argument() : undefined;
    const exponent = this.take('^') ? this.exponent() : undefined;
    const inverse = exponent?.kind === 'negative' && exponent.of.kind === 'number' && /^(?:sin|cos|tan)$/.test(name);
    const of = this.functionArgument();
    const call: Formula = { kind: 'call', name: inverse ? `arc${name}` : name, of, ...(by !== undefined && { by }) };
    return exponent === undefined || inverse ? call : { kind: 'power', base: call, exponent };
  }

  /** A sum, product or integral: what is summed, and the bounds. */
  protected over(name: string): Formula {
    const bound = (sign: string): Formula => {
      if (!this.take(sign)) return numeral(0);
      if (this.peek() !== '{') return this.operand();
      const [item, more] = this.items('}');
      return item === undefined || more !== undefined ? this.fail() : item;
    };
    const bounds = [bound('_'), bound('^')].map((part) => (part.kind === 'relation' ? part.sides.at(-1)! : part));
    return { kind: 'call', name, of: this.product(), by: { kind: 'tuple', open: '(', close: ')', items: bounds } };
  }

  /** sin(x), or sin 2x up to the next function. */
  protected functionArgument(): Formula {
    if (this.peek() === '(' || this.peek() === '{') return this.factor();
    let value = this.signed();
    while (this.startsOperand()) {
      const next = this.tokens[this.at]!;
      if (next.kind === 'command' && FUNCTIONS.has(next.text) && next.text !== 'sqrt') break;
      if (next.kind === 'number') break;
      value = product(value, this.factor());
    }
    return value;
  }

  /** The two parts of a fraction; \frac34 is three quarters. */
  protected parts(): [Formula, Formula] {
    const token = this.tokens[this.at];
    if (token?.kind === 'number' && /^\d\d$/.test(token.text)) {
      this.at++;
      return [numeral(Number(token.text[0])), numeral(Number(token.text[1]))];
    }
    return [this.argument(), this.argument()];
  }

  protected environment(name: string): Formula {
    if (!/^(?:[pbvBV]?matrix|array|smallmatrix)$/.test(name)) this.fail();
    const rows: Formula[][] = [[]];
    for (let cells = 0; cells < MOST_ITEMS; cells++) {
      rows.at(-1)!.push(this.sum());
      if (this.take('&')) continue;
      if (this.take('\\\\') && this.tokens[this.at]?.text !== `end ${name}`) {
        rows.push([]);
        continue;
      }
      if (this.tokens[this.at]?.text !== `end ${name}`) this.fail();
      this.at++;
      if (rows.some((row) => row.length !== rows[0]!.length)) this.fail();
      return { kind: 'matrix', rows };
    }
    return this.fail();
  }
}
