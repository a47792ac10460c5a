import type { Budget } from './budget.js';
import { characters, lengthOf } from './characters.js';
import { unsupported } from './fault.js';
import { placeOf } from './given.js';
import { isSpace, skipSpace, spaceStart } from './space.js';
import type { Value } from './values.js';

/** Without these characters (white space where none are named) at its ends. */
export function strip(text: string, chars: string | undefined, left: boolean, right: boolean): string {
  if (chars === undefined) {
    const from = left ? skipSpace(text, 0) : 0;
    return right ? text.slice(from, Math.max(from, spaceStart(text))) : text.slice(from);
  }
  const set = new Set(characters(chars));
  const all = characters(text);
  let from = 0;
  let to = all.length;
  if (left) while (from < to && set.has(all[from]!)) from++;
  if (right) while (to > from && set.has(all[to - 1]!)) to--;
  return from === 0 && to === all.length ? text : all.slice(from, to).join('');
}

/** Python's split: at a separator or, without one, at runs of white space. `most` below 0: without end. */
export function split(text: string, separator: string | undefined, most: number, fromRight: boolean): string[] {
  if (separator !== undefined) {
    const parts = text.split(separator);
    if (most < 0 || parts.length - 1 <= most) return parts;
    return fromRight
      ? [parts.slice(0, parts.length - most).join(separator), ...parts.slice(parts.length - most)]
      : [...parts.slice(0, most), parts.slice(most).join(separator)];
  }
  return fromRight ? splitSpacesFromRight(text, most) : splitSpaces(text, most);
}

function splitSpaces(text: string, most: number): string[] {
  const parts: string[] = [];
  let at = skipSpace(text, 0);
  while (at < text.length) {
    if (most >= 0 && parts.length === most) {
      parts.push(text.slice(at));
      break;
    }
    let end = at;
    while (end < text.length && !isSpace(text.charCodeAt(end))) end++;
    parts.push(text.slice(at, end));
    at = skipSpace(text, end);
  }
  return parts;
}

function splitSpacesFromRight(text: string, most: number): string[] {
  const parts: string[] = [];
  let end = spaceStart(text);
  while (end > 0) {
    if (most >= 0 && parts.length === most) {
      parts.push(text.slice(0, end));
      break;
    }
    let start = end;
    while (start > 0 && !isSpace(text.charCodeAt(start - 1))) start--;
    parts.push(text.slice(start, end));
    end = start;
    while (end > 0 && isSpace(text.charCodeAt(end - 1))) end--;
  }
  return parts.reverse();
}

const LINE_END = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g;

export function splitLines(text: string, keepEnds = false): string[] {
  const lines: string[] = [];
  let start = 0;
  for (const { index, 0: end } of text.matchAll(LINE_END)) {
    lines.push(text.slice(start, keepEnds ? index + end.length : index));
    start = index + end.length;
  }
  if (start < text.length) lines.push(text.slice(start));
  return lines;
}

export function replace(text: string, old: string, fresh: string, most: number, budget: Budget): string {
  budget.text(text.length);
  const parts = old === '' ? ['', ...characters(text), ''] : text.split(old);
  const times = most < 0 ? parts.length - 1 : Math.min(most, parts.length - 1);
  budget.text(text.length + times * (fresh.length - old.length));
  const rest = parts.slice(times).join(old);
  return times === 0 ? text : [...parts.slice(0, times), rest].join(fresh);
}

export function capitalize(text: string): string {
  const [first = ''] = text;
  return titled(first) + lowerRest(text, first);
}

/** What follows the first character, in lower case, as it is there: a final sigma is one. */
function lowerRest(text: string, first: string): string {
  const lower = text.toLowerCase();
  return lower.startsWith(first.toLowerCase())
    ? lower.slice(first.toLowerCase().length)
    : text.slice(first.length).toLowerCase();
}

/** A character as a word begins with it. */
function titled(character: string): string {
  if (/[\p{Lt}ǄǆǇǉǊǌǱǳ\u1f80-\u1fff]/u.test(character)) throw unsupported('letters with a form of their own in titles');
  if (/[\u10d0-\u10ff]/.test(character)) return character; // Georgian has capitals, and titles do without them
  const upper = character.toUpperCase();
  return lengthOf(upper) > 1 ? upper[0]! + upper.slice(1).toLowerCase() : upper;
}

export function title(text: string): string {
  let inWord = false;
  let out = '';
  for (const character of text) {
    const cased = isCased(character);
    out += !cased ? character : inWord ? character.toLowerCase() : titled(character);
    inWord = cased;
  }
  return out;
}

export const reversed = (text: string): string => characters(text).reverse().join('');

export function swapcase(text: string): string {
  return characters(text)
    .map((character) => (/\p{Lu}/u.test(character) ? character.toLowerCase() : character.toUpperCase()))
    .join('');
}

export function casefold(text: string): string {
  if (/[^\0-\x7f]/.test(text)) throw unsupported('casefold of letters that are not ASCII');
  return text.toLowerCase();
}

const isCased = (character: string): boolean => /[\p{Lowercase}\p{Uppercase}\p{Lt}]/u.test(character);

export function isLower(text: string): boolean {
  return !/[\p{Uppercase}\p{Lt}]/u.test(text) && /\p{Lowercase}/u.test(text);
}

export function isUpper(text: string): boolean {
  return !/[\p{Lowercase}\p{Lt}]/u.test(text) && /\p{Uppercase}/u.test(text);
}

export function isTitle(text: string): boolean {
  let inWord = false;
  let any = false;
  for (const character of text) {
    if (/[\p{Uppercase}\p{Lt}]/u.test(character)) {
      if (inWord) return false;
      inWord = any = true;
    } else if (/\p{Lowercase}/u.test(character)) {
      if (!inWord) return false;
    } else inWord = false;
  }
  return any;
}

export const isSpaces = (text: string): boolean => text !== '' && skipSpace(text, 0) === text.length;

export function expandTabs(text: string, size: number, budget: Budget): string {
  let column = 0;
  let out = '';
  for (const character of text) {
    if (character === '\t') {
      const width = size > 0 ? size - (column % size) : 0;
      budget.text(out.length + width);
      out += ' '.repeat(width);
      column += width;
    } else {
      out += character;
      column = character === '\n' || character === '\r' ? 0 : column + 1;
    }
  }
  return out;
}

/** The part between two places, which count from the end where they are negative; undefined where the first lies beyond. */
export function within(
  text: string,
  [start, end]: readonly (Value | undefined)[],
): { from: number; to: number; inside: string | undefined } {
  if (start == null && end == null) return { from: 0, to: text.length, inside: text };
  const all = characters(text);
  const bound = (value: Value | undefined, missing: number) => (value == null ? missing : placeOf(value, all.length));
  const from = bound(start, 0);
  const to = Math.min(all.length, bound(end, all.length));
  return { from, to, inside: from > to ? undefined : all.slice(from, to).join('') };
}
