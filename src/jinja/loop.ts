import type { Budget } from './budget.js';
import { equal } from './compare.js';
import { failure } from './fault.js';
import { sizeOf } from './iterate.js';
import { Printable } from './print.js';
import { Callable, Tuple, Undefined, type Value } from './values.js';

/** `loop`: where a for loop is. Looks one element ahead only where it is asked to, as Jinja does. */
export class Loop extends Printable {
  readonly type = 'LoopContext';
  private index0 = -1;
  private known: number | undefined;
  private previous: Value | undefined;
  private current: Value | undefined;
  private ahead: IteratorResult<Value> | undefined;
  private changed: Value | undefined;

  constructor(
    private items: Iterator<Value>,
    /** What is looped over, for its length. */
    private readonly iterable: Value | undefined,
    private readonly depth0: number,
    /** Renders the body over other elements, of a recursive loop. */
    private readonly again: ((iterable: Value, depth0: number) => Value) | undefined,
    private readonly budget: Budget,
  ) {
    super();
  }

  next(): IteratorResult<Value> {
    const result = this.peek();
    this.ahead = undefined;
    if (result.done === true) return result;
    this.index0++;
    this.previous = this.current;
    this.current = result.value;
    return result;
  }

  private peek(): IteratorResult<Value> {
    return (this.ahead ??= this.items.next());
  }

  private length(): number {
    if (this.known !== undefined) return this.known;
    const size = this.iterable === undefined ? undefined : sizeOf(this.iterable);
    if (size !== undefined) return (this.known = size);
    const rest: Value[] = [];
    for (let next = this.items.next(); next.done !== true; next = this.items.next()) rest.push(next.value);
    this.items = rest.values();
    const peeked = this.ahead !== undefined && this.ahead.done !== true ? 1 : 0;
    return (this.known = rest.length + this.index0 + 1 + peeked);
  }

  override size(): number {
    return this.length();
  }

  override attribute(name: string): Value | undefined {
    switch (name) {
      case 'index':
        return BigInt(this.index0 + 1);
      case 'index0':
        return BigInt(this.index0);
      case 'revindex':
        return BigInt(this.length() - this.index0);
      case 'revindex0':
        return BigInt(this.length() - this.index0 - 1);
      case 'first':
        return this.index0 === 0;
      case 'last':
        return this.peek().done === true;
      case 'length':
        return BigInt(this.length());
      case 'depth':
        return BigInt(this.depth0 + 1);
      case 'depth0':
        return BigInt(this.depth0);
      case 'previtem':
        return this.index0 === 0 ? new Undefined('there is no previous item') : this.previous!;
      case 'nextitem': {
        const next = this.peek();
        return next.done === true ? new Undefined('there is no next item') : next.value;
      }
      case 'cycle':
        return new Callable('cycle', ({ positional }) => {
          if (positional.length === 0) throw failure('no items for cycling given');
          return positional[this.index0 % positional.length]!;
        });
      case 'changed':
        return new Callable('changed', ({ positional }) => {
          const value = new Tuple(positional);
          if (this.changed !== undefined && equal(this.changed, value, this.budget)) return false;
          this.changed = value;
          return true;
        });
      default:
        return undefined;
    }
  }

  /** `loop(iterable)`: the body once more, over elements inside. */
  recurse(iterable: Value): Value {
    if (this.again === undefined) throw failure("The loop must have the 'recursive' marker to be called recursively.");
    return this.again(iterable, this.depth0 + 1);
  }

  printed(): string {
    return `<LoopContext ${String(this.index0 + 1)}/${String(this.length())}>`;
  }
}
