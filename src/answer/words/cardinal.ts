import type { Reading } from '../counting_units.js';
import type { Lexicon, Placed } from './lexicon.js';

const MOST_WORDS = 24;
/** Nothing was read yet that bounds what follows. */
const ANYTHING = Infinity;

/** The whole number in words at a place of a text in small letters; null where none begins there. */
export function readCardinal(lexicon: Lexicon, text: string, at: number): Reading | null {
  const sum = new Cardinal(lexicon);
  let end = at;
  for (let count = 0; count < MOST_WORDS; count++) {
    const word = lexicon.next(text, end, count > 0);
    if (word === null) break;
    const taken = sum.add(word, text);
    if (taken === null) break;
    end = taken;
  }
  return end === at ? null : { value: { numerator: sum.value(), denominator: 1n }, end };
}

/** A number as its words come: sections (millions, thousands), parts of one (hundreds), and a group below hundred. */
class Cardinal {
  readonly #lexicon: Lexicon;
  #sections = 0n;
  #part = 0n;
  #group: number | null = null;
  /** What may be added to the group is less than this. */
  #room = 0;
  /** What a part or group may have is less than the scale before it. */
  #below = ANYTHING;
  #lastSection = ANYTHING;
  #previous = '';

  constructor(lexicon: Lexicon) {
    this.#lexicon = lexicon;
  }

  value(): bigint {
    return this.#sections + this.#part + BigInt(this.#group ?? 0);
  }

  /** Where the word ends, with what it takes along; null where it does not go on with the number. */
  add(word: Placed, text: string): number | null {
    const before = this.#previous;
    this.#previous = word.word;
    if (!word.isScale) return this.#addValue(word, before === '') ? word.end : null;
    if (word.word === before) return null;
    if (this.#lexicon.row.scaleFirst) return this.#multiplied(word, text);
    return this.#scale(word.value) ? word.end : null;
  }

  #addValue({ value, joint }: Placed, isFirst: boolean): boolean {
    if (value >= 100) {
      if (this.#group !== null || value >= this.#below) return false;
      this.#part += BigInt(value);
      this.#below = value % 1000 === 0 ? 1000 : 100;
      return true;
    }
    if (this.#group === null) {
      if (value >= this.#below) return false;
      this.#group = value;
      this.#room = this.#roomBehind(value, isFirst);
      return true;
    }
    const { unitFirst } = this.#lexicon.row;
    const turned = this.#group > 0 && this.#group < 10 && value >= 20 && value % 10 === 0;
    const fits = turned && unitFirst ? unitFirst.test(joint) : value < this.#room && value > 0;
    if (!fits) return false;
    this.#group += value;
    this.#room = 0;
    return true;
  }

  #roomBehind(value: number, isFirst: boolean): number {
    if (value === 0) return isFirst ? 0 : 10;
    if (value === 10) return this.#lexicon.tenIsOpen ? 10 : 0;
    return value % 10 === 0 ? 10 : 0;
  }

  #scale(scale: number): boolean {
    if (scale < this.#lexicon.row.section) {
      if (scale >= this.#below) return false;
      this.#part += BigInt(this.#group ?? 1) * BigInt(scale);
    } else {
      if (scale === this.#lastSection) return false;
      const stands = this.#part + BigInt(this.#group ?? 0);
      const bare = this.#part === 0n && this.#group === null;
      // 一万亿, mil millones: a greater one multiplies all before it.
      this.#sections =
        scale > this.#lastSection
          ? (this.#sections + stands) * BigInt(scale)
          : this.#sections + (bare ? 1n : stands) * BigInt(scale);
      this.#part = 0n;
      this.#lastSection = scale;
    }
    this.#group = null;
    this.#below = scale;
    return true;
  }

  /** A scale before its factor: mia tatu, elfu ishirini, elfu mia mbili. */
  #multiplied(word: Placed, text: string): number | null {
    if (this.#group !== null || word.value >= this.#below) return null;
    let factor = 1n;
    let { end } = word;
    let next = this.#lexicon.next(text, end, true);
    if (next?.joint === ' ' && next.isScale && next.value < word.value) {
      factor = BigInt(next.value);
      ({ end } = next);
      next = this.#lexicon.next(text, end, true);
    }
    if (next?.joint === ' ' && !next.isScale) {
      factor *= BigInt(next.value);
      ({ end } = next);
    }
    this.#part += factor * BigInt(word.value);
    this.#below = word.value;
    return end;
  }
}
