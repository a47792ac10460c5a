import { afterThought, answerPlace } from '../answer/index.js';
import { measureLanguage } from '../language/index.js';
import type { GradedCompletion, UngradedCompletion } from './types.js';

/** Words that make an explanation; fewer are paid nothing, so that leaving it out does not pay. */
const LEAST_WORDS = 3;

/**
 * Target WR of the explanation: of what stands between the end of the thought and the final answer, where repetitions count once
 * and copies of the question not at all. What the thought is written in does not count; a completion without a thought is all
 * explanation. 0 where the thought never ends, or fewer than 3 words are counted.
 */
export function summaryTargetWr({
  problem,
  completion,
  thought,
  answer,
}: Pick<UngradedCompletion, 'problem' | 'completion' | 'thought'> & Pick<GradedCompletion, 'answer'>): number {
  const summary = afterThought(completion, thought);
  if (summary === null) return 0;
  const { targetWr, reasoning } = measureLanguage(summary, problem.language, {
    end: answerPlace(summary, answer),
    question: problem.question,
  }).fidelity;
  return targetWr === null || reasoning < LEAST_WORDS ? 0 : targetWr;
}
