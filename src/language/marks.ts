import type { Marks } from './rows/row.js';

/** The marks of a language made ready to count. */
export interface CountableMarks {
  words: ReadonlySet<string>;
  letters: RegExp | undefined;
  endings: RegExp | undefined;
}

export function countable({ words, letters, endings }: Marks): CountableMarks {
  return { words: new Set(words.split(' ')), letters, endings };
}

/** How much of `text` only one language writes: its letters, and those of `words` (in small letters) that it alone has. */
export function countMarks(text: string, words: readonly string[], marks: CountableMarks): number {
  let n = marks.letters === undefined ? 0 : count(text, marks.letters);
  for (const word of words) if (marks.words.has(word) || (word.length > 3 && marks.endings?.test(word) === true)) n++;
  return n;
}

export function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
