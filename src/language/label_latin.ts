import { latinLanguage, surelyOf } from './latin.js';
import { Script } from './script.js';
import { LANGUAGE_TABLE, type CountedLanguage, type Language } from './table.js';
import type { Words } from './words.js';

/** Fewest words of a clause that is taken apart from its sentence. */
const CLAUSE_WORDS = 4;

/**
 * Latin words, run by run: what stands in one sentence with nothing but spaces, digits and punctuation between, no
 * markup. Clauses of 4 words or
 * more that are surely of different languages are labelled apart (`Primero, we need to find ..., y luego`). Short runs that do not
 * tell go with most of the text's decided words, else to the target, or to English where that is written in another script.
 */
export function labelLatin(text: string, words: Words, labels: CountedLanguage[], target: Language): void {
  const { script, sentence } = words;
  const decided = new Map<CountedLanguage, number>();
  const open: [start: number, end: number][] = [];
  for (let start = 0; start < labels.length; start++) {
    if (script[start] !== Script.latin) continue;
    let end = start + 1;
    while (
      end < labels.length &&
      script[end] === Script.latin &&
      sentence[end] === sentence[start] &&
      !isMarkup(text, words.end[end - 1]!, words.start[end]!)
    )
      end++;
    for (const [from, to, language] of judged(text, words, start, end, target)) {
      if (language === null) open.push([from, to]);
      else {
        decided.set(language, (decided.get(language) ?? 0) + to - from);
        labels.fill(language, from, to);
      }
    }
    start = end - 1;
  }
  if (open.length === 0) return;
  const usual = mostOf(decided) ?? (LANGUAGE_TABLE[target].script === 'latin' ? target : 'en');
  for (const [start, end] of open) labels.fill(usual, start, end);
}

type Stretch = [start: number, end: number, language: CountedLanguage | null];

/** The run [start, end) as a whole, or its clauses where some are surely of one language and some of another. */
function judged(text: string, words: Words, start: number, end: number, target: Language): Stretch[] {
  const written = (from: number, to: number): string[] => {
    const run: string[] = [];
    for (let i = from; i < to; i++) run.push(text.slice(words.start[i], words.end[i]));
    return run;
  };
  const borders = clauses(text, words, start, end);
  if (borders.length > 2) {
    const parts = borders.slice(1).map((to, i): Stretch => [borders[i]!, to, surelyOf(written(borders[i]!, to))]);
    const sure = new Set(parts.flatMap(([, , language]) => language ?? []));
    if (sure.size > 1) {
      let last = parts.find(([, , language]) => language !== null)![2];
      return parts.map(([from, to, language]) => [from, to, (last = language ?? last)]);
    }
  }
  return [[start, end, latinLanguage(written(start, end), target)]];
}

/** Where the clauses of 4 words or more begin, and `end`; shorter ones belong to the clause before. */
function clauses(text: string, words: Words, start: number, end: number): number[] {
  const borders = [start];
  if (end - start < 2 * CLAUSE_WORDS) return [start, end];
  for (let i = start + 1; i <= end - CLAUSE_WORDS; i++)
    if (i - borders.at(-1)! >= CLAUSE_WORDS && endsClause(text, words.end[i - 1]!, words.start[i]!)) borders.push(i);
  return [...borders, end];
}

/** What is given back from mathematics, code or a tag is another run than what stands round it. */
function isMarkup(text: string, from: number, to: number): boolean {
  return to - from > 1 && MARKUP.test(text.slice(from, to));
}
const MARKUP = /[$`<>\\~]/;

function endsClause(text: string, from: number, to: number): boolean {
  return to - from > 1 && CLAUSE_END.test(text.slice(from, to));
}
const CLAUSE_END = /[,;:()[\]"“”„«»—–…]/;

function mostOf<L>(counts: ReadonlyMap<L, number>): L | undefined {
  let most: L | undefined;
  for (const [language, count] of counts) if (most === undefined || count > counts.get(most)!) most = language;
  return most;
}
