import type { LanguageMeasure } from '../language/types.js';

/** The language a completion is in, for the table of advantage by language. */
export const COMPLETION_CLASSES = ['target', 'mixed', 'english'] as const;
export type CompletionClass = (typeof COMPLETION_CLASSES)[number];

/** Least share of a completion's words for the completion as a whole to be of that language. */
export const PURE_WORD_RATIO = 0.9;

/**
 * target: at least 0.9 of the words are in the prompt's language; english: at least 0.9 are English; mixed: anything else
 * that has words, so also a completion wholly in a third language. null: no words, of no class. Of a prompt in English every
 * English completion is `target`.
 */
export function completionClass(measure: Pick<LanguageMeasure, 'targetWr' | 'enWr'>): CompletionClass | null {
  if (measure.targetWr === null || measure.enWr === null) return null;
  if (measure.targetWr >= PURE_WORD_RATIO) return 'target';
  if (measure.enWr >= PURE_WORD_RATIO) return 'english';
  return 'mixed';
}
