import type { CountedLanguage } from './table.js';
import type { Words } from './words.js';

/**
 * Labels the words of a script by their sentences. `decide` gets the words of one that are of the script, and where it begins and
 * ends; the words of those it leaves open are labelled `usual`, which may ask how many words were decided for a language.
 */
export function labelSentences<L extends CountedLanguage>(
  words: Words,
  labels: CountedLanguage[],
  script: number,
  decide: (members: readonly number[], start: number, end: number) => L | null,
  usual: (decided: (language: L) => number) => L,
): void {
  const decided = new Map<L, number>();
  const open: number[] = [];
  forEachSentence(words, (start, end) => {
    const members: number[] = [];
    for (let i = start; i < end; i++) if (words.script[i] === script) members.push(i);
    if (members.length === 0) return;
    const language = decide(members, start, end);
    if (language === null) {
      for (const i of members) open.push(i);
      return;
    }
    decided.set(language, (decided.get(language) ?? 0) + members.length);
    for (const i of members) labels[i] = language;
  });
  if (open.length === 0) return;
  const language = usual((each) => decided.get(each) ?? 0);
  for (const i of open) labels[i] = language;
}

function forEachSentence(words: Words, visit: (start: number, end: number) => void): void {
  const { sentence } = words;
  for (let start = 0; start < sentence.length;) {
    let end = start + 1;
    while (end < sentence.length && sentence[end] === sentence[start]) end++;
    visit(start, end);
    start = end;
  }
}
