import { measureFidelity, type Reasoning } from './fidelity.js';
import { labelLanguages } from './label.js';
import { markupMask } from './markup.js';
import {
  noWordCounts,
  type CountedLanguage,
  type Language,
  type LanguageMeasure,
  type WordCounts,
  type WordRun,
} from './types.js';
import { breakWords, selectWords } from './words.js';

/** Words in a row, in one language, that make a switch rather than a borrowed word. */
const SWITCH_WORDS = 3;
/** Fewest words of a line that is judged by the line pass rate; shorter lines hold a number or a name. */
const LINE_WORDS = 3;

/**
 * Words by language of one completion, and what follows from them; see LanguageMeasure. Pure and synchronous, about 0.1 ms for
 * 300 characters. Never throws: lone surrogates, control characters and empty text are no words.
 *
 * `firstSwitch`: index of the first word of the first stretch of 3 or more words in one language that is not the target, over
 * the number of words. `switches`: how often the language changes from one stretch of 3 or more words to the next, the prompt
 * counting as the stretch before the first; so it is 0 exactly where `firstSwitch` is null.
 *
 * `linePass`: no line of 3 or more words has another language ahead of the target. `wordPass`: no English word at all; for a
 * target in English always true. Line and word pass follow Marchisio et al. (arXiv 2406.20052), who ask a language identifier
 * for the line and a dictionary for the word.
 *
 * `fidelity`: see {@link measureFidelity}; `reasoning` says where the final answer begins, and what was asked.
 */
export function measureLanguage(text: string, target: Language, reasoning: Reasoning = {}): LanguageMeasure {
  const mask = markupMask(text);
  const all = breakWords(text, mask, target);
  const words = mask === null ? all : selectWords(all, 0);
  const labels = labelLanguages(text, words, target);
  const counts = countWords(labels);
  const total = labels.length;
  const english = target === 'en' ? 0 : counts.en;

  const hidden = mask === null ? [] : labelLanguages(text, selectWords(all, 1), target);
  const hiddenTarget = hidden.filter((language) => language === target).length;

  return {
    words: counts,
    total,
    targetWr: share(counts[target], total),
    enWr: share(counts.en, total),
    otherWr: share(total - counts[target] - english, total),
    unstrippedTargetWr: share(counts[target] + hiddenTarget, total + hidden.length),
    ...findSwitches(labels, target),
    linePass: linesPass(labels, words.line, target),
    wordPass: english === 0,
    fidelity: measureFidelity(text, { words, labels, hidden: hidden.length }, target, reasoning),
  };
}

/** Each counted word with its place and language, in order; what markup hides is in none of them. */
export function labelWords(text: string, target: Language): WordRun[] {
  const words = selectWords(breakWords(text, markupMask(text), target), 0);
  return labelLanguages(text, words, target).map((language, i) => ({
    start: words.start[i]!,
    end: words.end[i]!,
    language,
  }));
}

function countWords(labels: readonly CountedLanguage[], start = 0, end = labels.length): WordCounts {
  const counts = noWordCounts();
  // One addition a stretch: most neighbours are of one language.
  for (let from = start; from < end;) {
    const language = labels[from]!;
    let to = from + 1;
    while (to < end && labels[to] === language) to++;
    counts[language] += to - from;
    from = to;
  }
  return counts;
}

function share(part: number, total: number): number | null {
  return total === 0 ? null : part / total;
}

function findSwitches(
  labels: readonly CountedLanguage[],
  target: Language,
): Pick<LanguageMeasure, 'firstSwitch' | 'switches'> {
  let firstSwitch: number | null = null;
  let switches = 0;
  let current: CountedLanguage = target;
  for (let start = 0; start < labels.length;) {
    let end = start + 1;
    while (end < labels.length && labels[end] === labels[start]) end++;
    if (end - start >= SWITCH_WORDS && labels[start] !== current) {
      switches++;
      current = labels[start]!;
      firstSwitch ??= start / labels.length;
    }
    start = end;
  }
  return { firstSwitch, switches };
}

function linesPass(labels: readonly CountedLanguage[], line: readonly number[], target: Language): boolean {
  for (let start = 0; start < labels.length;) {
    let end = start + 1;
    while (end < labels.length && line[end] === line[start]) end++;
    if (end - start >= LINE_WORDS) {
      const counts = countWords(labels, start, end);
      const ahead = (Object.keys(counts) as CountedLanguage[]).some((language) => counts[language] > counts[target]);
      if (ahead) return false;
    }
    start = end;
  }
  return true;
}
