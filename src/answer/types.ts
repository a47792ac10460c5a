/**
 * Which answers count. strict: marked ones alone (`####`, box); flexible: without a marked one, what a finished text says last.
 * Apart from the judges, which take time to load, for those who only name the modes.
 */
export const ANSWER_MODES = ['flexible', 'strict'] as const;
export type AnswerMode = (typeof ANSWER_MODES)[number];
