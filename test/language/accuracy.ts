import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { measureLanguage, type CountedLanguage, type Language } from '../../src/language/index.js';
import { sharedPath } from '../shared.js';

/** Sentences whose language is known; `other`: of languages that are not measured. */
export type Corpus = 'lingua' | 'mgsm' | 'own';

const FILES: Record<Corpus, (language: CountedLanguage) => string> = {
  lingua: (language) => sharedPath(`data/langid_lingua/${language}.jsonl`),
  mgsm: (language) => sharedPath(`data/mgsm/${language}.jsonl`),
  // Word problems and phrases of reasoning, written for this: 10 to 40 a language.
  own: (language) => fileURLToPath(new URL(`sentences/${language}.txt`, import.meta.url)),
};

/** The sentences of a corpus in a language; undefined where there are none. */
export function sentences(corpus: Corpus, language: CountedLanguage): string[] | undefined {
  const file = FILES[corpus](language);
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  if (corpus === 'own') return lines;
  const rows = lines.map((line) => JSON.parse(line) as { text?: string; kind?: string; question?: string });
  if (corpus === 'lingua') return rows.flatMap(({ kind, text = '' }) => (kind === 'sentences' ? text : []));
  return rows
    .flatMap(({ question = '' }) => question.split(/(?<=[.?!।]) |(?<=[。？！])/u))
    .filter((text) => /\p{L}/u.test(text));
}

/** Four words from the middle; undefined where there are fewer, or no spaces between words. */
export function fourWords(sentence: string): string | undefined {
  const words = sentence.split(/\s+/u).filter((word) => /\p{L}/u.test(word));
  if (words.length < 4) return undefined;
  const start = Math.floor((words.length - 4) / 2);
  return words.slice(start, start + 4).join(' ');
}

export interface Accuracy {
  n: number;
  /** Share of the texts in which most words are counted as `language`. */
  right: number;
  /** What the others were taken for, most frequent first. */
  takenFor: [language: CountedLanguage, count: number][];
}

/** How many of `texts`, all in `language`, are told when asked for `target`. */
export function accuracy(texts: readonly string[], language: CountedLanguage, target: Language): Accuracy {
  const taken = new Map<CountedLanguage, number>();
  let right = 0;
  for (const text of texts) {
    const { words } = measureLanguage(text, target);
    const most = (Object.keys(words) as CountedLanguage[]).reduce((best, each) =>
      words[each] > words[best] ? each : best,
    );
    if (most === language) right++;
    else taken.set(most, (taken.get(most) ?? 0) + 1);
  }
  return { n: texts.length, right: right / texts.length, takenFor: [...taken].sort((a, b) => b[1] - a[1]) };
}
