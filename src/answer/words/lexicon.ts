import { matchAt } from '../match_at.js';
import { decimal, type Rational } from '../rational.js';
import { Beginnings } from './beginnings.js';
import { WORD_BEGIN, type NumberWords } from './row.js';

/** A word of a number. */
export interface Entry {
  value: number;
  isScale: boolean;
}

/** A word where it stands, with what parts it from the one before. */
export interface Placed extends Entry {
  word: string;
  joint: string;
  end: number;
}

const LETTER = /[\p{L}\p{M}]/u;

/** The words of a language, found by the longest that stands at a place. */
export class Lexicon {
  readonly row: NumberWords;
  /** Whether 10 has a digit added to it. */
  readonly tenIsOpen: boolean;
  /** "And a half" behind a number, and before one. */
  readonly andHalf: RegExp | undefined;
  readonly halfBefore: RegExp | undefined;
  readonly isLatin: boolean;
  /** Words of this language part by spaces. */
  readonly isSpaced: boolean;
  readonly #alone = new Map<string, Rational>();
  readonly #entries = new Map<string, Entry>();
  readonly beginnings = new Beginnings();
  readonly #joint: RegExp;
  readonly #begin: RegExp;
  #longest = 0;

  constructor(row: NumberWords) {
    this.row = row;
    this.#joint = new RegExp(row.joint, 'uy');
    this.#begin = new RegExp(row.begin, 'u');
    for (const [word, value] of Object.entries(row.alone ?? {}))
      this.#alone.set(word.normalize('NFC'), decimal(value)!);
    for (const word of this.#alone.keys()) this.beginnings.add(word);
    this.andHalf = pattern(row.andHalf);
    this.halfBefore = pattern(row.halfBefore);
    if (row.halfBefore !== undefined) this.beginnings.add(row.halfBefore.normalize('NFC'));
    this.isSpaced = row.begin === WORD_BEGIN;
    this.isLatin = /^\p{Script=Latin}/u.test(Object.keys(row.words)[0]!);
    for (const [word, value] of Object.entries(row.words)) this.#add(word, { value, isScale: false });
    for (const [word, value] of Object.entries(row.scales)) this.#add(word, { value, isScale: true });
    this.tenIsOpen = !Object.values(row.words).includes(11);
  }

  #add(written: string, entry: Entry): void {
    const key = written.normalize('NFC');
    this.#entries.set(key, entry);
    this.beginnings.add(key);
    this.#longest = Math.max(this.#longest, key.length);
  }

  /** Whether a number may begin at a place of a text. */
  mayBegin(text: string, at: number): boolean {
    return this.beginnings.at(text, at) && !this.#begin.test(text[at - 1] ?? '');
  }

  /** Whether a number may end at a place. */
  ends(text: string, at: number): boolean {
    return this.row.end.test(text.slice(at, at + 12));
  }

  /** A half and the like at a place: the longest that is a word there. */
  alone(text: string, at: number): { value: Rational; end: number } | null {
    let longest: { value: Rational; end: number } | null = null;
    for (const [word, value] of this.#alone) {
      const end = at + word.length;
      if (!text.startsWith(word, at) || (this.isSpaced && !this.ends(text, end))) continue;
      if (longest === null || end > longest.end) longest = { value, end };
    }
    return longest;
  }

  /** The word at `at`, or behind a joint there; in a text of small letters. */
  next(text: string, at: number, joined: boolean): Placed | null {
    const joint = joined ? (matchAt(this.#joint, text, at)?.[0] ?? null) : '';
    if (joint === null) return null;
    const start = at + joint.length;
    let longest: Placed | null = null;
    for (const placed of this.#at(text, start)) {
      // Centotto is cento and otto: the longest word that leaves no letters behind.
      if (!LETTER.test(text[placed.end] ?? '') || this.#goesOn(text, placed.end)) return { ...placed, joint };
      longest ??= { ...placed, joint };
    }
    return longest;
  }

  *#at(text: string, start: number): Generator<Omit<Placed, 'joint'>> {
    if (!this.beginnings.at(text, start)) return;
    for (let end = Math.min(text.length, start + this.#longest); end > start; end--) {
      const word = text.slice(start, end);
      const entry = this.#entries.get(word);
      if (entry === undefined || this.row.notBefore?.[word]?.test(text.slice(end, end + 4)) === true) continue;
      yield { ...entry, word, end };
    }
  }

  #goesOn(text: string, at: number): boolean {
    const joint = matchAt(this.#joint, text, at)?.[0] ?? '';
    return [...new Set([at, at + joint.length])].some((from) => !this.#at(text, from).next().done);
  }
}

const pattern = (source: string | undefined): RegExp | undefined =>
  source === undefined ? undefined : new RegExp(source.normalize('NFC'), 'uy');
