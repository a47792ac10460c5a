import { isChoice, judgeChoice, sameChoice } from './choice.js';
import { isJudged, judgeAnswer, sameNumber, type JudgeOptions, type Verdict } from './judge.js';
import { isMathematics, judgeMathematics, sameMathematics } from './mathematics/judge.js';
import type { VerifierName } from './types.js';

/** What decides whether a completion's final answer is right. Training, evaluation and `score` ask the same one. */
export interface Verifier {
  /** What gold answers must be, for a message. */
  readonly golds: string;
  /** Whether completions can be judged by this gold answer. */
  judges(gold: string): boolean;
  /** Null as a verdict where they cannot. Never throws, and its work is bounded. */
  judge(completion: string, gold: string, options: JudgeOptions): Verdict;
  /** Whether two final answers, as they were found in completions, are one: they vote together. */
  readonly same: (a: string, b: string) => boolean;
}

/** The verifiers of glossa itself; the others are users' modules, which judge in processes of their own. */
export const VERIFIERS: Readonly<Record<VerifierName, Verifier>> = {
  number: { golds: 'numbers', judges: isJudged, judge: judgeAnswer, same: sameNumber },
  mathematics: {
    golds: 'mathematical answers',
    judges: isMathematics,
    judge: judgeMathematics,
    same: sameMathematics,
  },
  choice: { golds: 'letters of options', judges: isChoice, judge: judgeChoice, same: sameChoice },
};

/** The verifier of a name, `number` where there is none; undefined of a module. */
export function verifierOf(name = 'number'): Verifier | undefined {
  return Object.hasOwn(VERIFIERS, name) ? VERIFIERS[name as VerifierName] : undefined;
}
