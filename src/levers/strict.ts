import { labelWords } from '../language/index.js';
import type { Language } from '../language/types.js';
import type { ResolvedConfig } from '../config/index.js';
import type { Lever } from './types.js';

/**
 * Pays nothing for a completion with a segment in another language: each reward that judged it is 0, right answer or not. The
 * idea is M-Thinker's (arXiv 2510.07300), of which the abstract was at hand; what makes a segment is ours.
 */
export function strict({ segment }: NonNullable<ResolvedConfig['levers']['strict']>): Lever {
  return {
    name: 'strict',
    afterGrading: ({ problems, columns, texts, rewards }) => {
      const mixed = texts.map((text, row) => hasSegment(text, problems[columns.promptIndex[row]!]!.language, segment));
      return {
        rewards: {
          ...rewards,
          rows: rewards.rows.map((row, i) => (mixed[i] ? row.map((value) => (value === null ? null : 0)) : row)),
        },
        metrics: { 'strict/share': mixed.filter(Boolean).length / mixed.length },
      };
    },
  };
}

/** Whether so many counted words in a row are in other languages than `target`. */
export function hasSegment(text: string, target: Language, words: number): boolean {
  let run = 0;
  return labelWords(text, target).some(({ language }) => {
    run = language === target ? 0 : run + 1;
    return run >= words;
  });
}
