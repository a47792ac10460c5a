import { Arithmetic } from './arithmetic.js';
import { MOST_ITEMS } from './cursor.js';
import type { Formula, RelationSign } from './formula.js';
import { nameOf } from './relation_name.js';
import { tokensOf, type Comma, type Token } from './tokens.js';

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
  const upper = new Answer(text, tokens, 1);
  const first = upper.whole();
  if (first === null) return null;
  if (!tokens.some(({ text }) => text === '±' || text === '∓')) return { formula: first, units: upper.units };
  const second = new Answer(text, tokens, -1).whole();
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

const RELATIONS: ReadonlySet<string> = new Set(['=', '≠', '<', '≤', '>', '≥', '∈', '≡']);

function congruence(sides: readonly Formula[], signs: readonly RelationSign[], modulus: Formula): Formula | null {
  if (signs.length > 1 || signs.some((sign) => sign !== '≡' && sign !== '=')) return null;
  return { kind: 'congruence', left: signs.length === 0 ? null : sides[0]!, value: sides.at(-1)!, modulus };
}

/** The whole of an answer: lists of relations between ratios and unions. */
class Answer extends Arithmetic {
  readonly #text: string;

  constructor(text: string, tokens: readonly Token[], sign: 1 | -1) {
    super(tokens, sign);
    this.#text = text;
  }

  whole(): Formula | null {
    return this.attempt(() => this.#lists());
  }

  /** Lists apart by semicolons. */
  #lists(): Formula {
    const items = [this.#list()];
    while (this.take(';')) {
      if (this.at === this.tokens.length) break;
      items.push(this.#list());
      if (items.length > MOST_ITEMS) this.fail();
    }
    return items.length === 1 ? items[0]! : { kind: 'list', items, free: true };
  }

  #list(): Formula {
    const items = [this.relation()];
    let free = false;
    for (;;) {
      const comma = this.take(',');
      const word = this.take('and');
      if (!comma && !word) break;
      if (word) free = true;
      if (this.at === this.tokens.length) break;
      items.push(this.relation());
      if (items.length > MOST_ITEMS) this.fail();
    }
    return items.length === 1 ? items[0]! : { kind: 'list', items, free };
  }

  protected relation(): Formula {
    const start = this.tokens[this.at]?.at ?? 0;
    if (this.peek() === '=') this.at++; // ≈ 8.24
    const sides = [this.#ratio()];
    const signs: RelationSign[] = [];
    let name: string | null = null;
    while (RELATIONS.has(this.peek())) {
      if (signs.length === 0) name = nameOf(this.#text.slice(start, this.tokens[this.at]!.at));
      signs.push(this.peek() as RelationSign);
      this.at++;
      sides.push(this.#ratio());
    }
    const modulus = this.#modulus();
    if (modulus !== null) return congruence(sides, signs, modulus) ?? this.fail();
    // Without a modulus it is an identity.
    const plain = signs.map((sign): RelationSign => (sign === '≡' ? '=' : sign));
    return signs.length === 0 ? sides[0]! : { kind: 'relation', sides, signs: plain, name };
  }

  /** mod 5, (mod 5), \pmod{5}. */
  #modulus(): Formula | null {
    if (this.take('mod')) return this.factor();
    if (!this.beginsModulus()) return null;
    this.at += 2;
    const modulus = this.sum();
    this.expect(')');
    return modulus;
  }

  #ratio(): Formula {
    const parts = [this.#union()];
    while (this.take(':')) parts.push(this.#union());
    return parts.length === 1 ? parts[0]! : { kind: 'ratio', parts };
  }

  #union(): Formula {
    const parts = [this.sum()];
    let difference = false;
    for (;;) {
      if (this.take('∪')) parts.push(this.sum());
      else if (this.take('∖')) {
        parts.push(this.sum());
        difference = true;
      } else break;
    }
    if (parts.length > MOST_ITEMS) this.fail();
    if (difference)
      return parts.length === 2 ? { kind: 'difference', from: parts[0]!, without: parts[1]! } : this.fail();
    return parts.length === 1 ? parts[0]! : { kind: 'union', parts };
  }
}
