import { Cursor, MOST_ITEMS } from './cursor.js';
import type { Formula } from './formula.js';

/** What stands in brackets: groups, tuples, intervals, sets, absolute values. */
export abstract class Brackets extends Cursor {
  protected abstract relation(): Formula;
  protected abstract sum(): Formula;

  protected bracketed(sign: string): Formula {
    switch (sign) {
      case '∞':
        this.at++;
        return { kind: 'infinity' };
      case '|': {
        this.at++;
        this.bars++;
        const of = this.sum();
        this.bars--;
        this.expect('|');
        return { kind: 'call', name: 'abs', of };
      }
      case '⌊':
        return { kind: 'call', name: 'floor', of: this.group('⌊', '⌋') };
      case '⌈':
        return { kind: 'call', name: 'ceil', of: this.group('⌈', '⌉') };
      case '⦃':
        return this.set();
      case '{': {
        const items = this.items('}');
        return items.length === 1 ? items[0]! : { kind: 'list', items, free: true };
      }
      case '(':
      case '[':
        return this.tuple(sign);
      default:
        return this.fail();
    }
  }

  protected group(open: string, close: string): Formula {
    return this.within(() => {
      this.expect(open);
      const bars = this.bars;
      this.bars = 0;
      const value = this.sum();
      this.bars = bars;
      this.expect(close);
      return value;
    });
  }

  protected set(): Formula {
    return { kind: 'set', items: this.items('⦄') };
  }

  /** Members apart by commas or semicolons, and the bracket that closes them. */
  protected items(close: string, other?: string): Formula[] {
    this.at++;
    const bars = this.bars;
    this.bars = 0;
    const items: Formula[] = [];
    if (!this.take(close)) {
      do {
        items.push(this.relation());
        if (items.length > MOST_ITEMS) this.fail();
      } while (this.parted());
      if (this.peek() !== close && this.peek() !== other) this.fail();
      this.at++;
    }
    this.bars = bars;
    return items;
  }

  /** "And" parts too, behind a comma or by itself. */
  protected parted(): boolean {
    const comma = this.take(',', ';');
    return this.take('and') || comma;
  }

  protected tuple(open: '(' | '['): Formula {
    const from = this.at;
    const items = this.items(')', ']');
    // (2 and 3) says nothing of an order; a tuple in it would be one item.
    const byWord = items.length === 2 && this.tokens.slice(from, this.at).some(({ text }) => text === 'and');
    const close = this.tokens[this.at - 1]!.text as ')' | ']';
    const matched = (open === '(') === (close === ')');
    if (items.length === 1 && matched && open === '(') return items[0]!;
    if (items.length === 1 && matched && items[0]!.kind !== 'relation') return items[0]!;
    if (items.length === 0 || (!matched && items.length !== 2)) this.fail();
    return byWord && matched ? { kind: 'list', items, free: true } : { kind: 'tuple', open, close, items };
  }
}
