/**
 * Which answers count. strict: marked ones alone (`####`, box); flexible: without a marked one, what a finished text says last.
 * Apart from the judges, which take time to load, for those who only name the modes.
 */
export const ANSWER_MODES = ['flexible', 'strict'] as const;
export type AnswerMode = (typeof ANSWER_MODES)[number];

/** The verifiers of glossa itself; another name is the path of a module. */
export const VERIFIER_NAMES = ['number', 'choice', 'mathematics'] as const;
export type VerifierName = (typeof VERIFIER_NAMES)[number];

/** Whether a verifier is a user's: its name looks like a path. */
export function isModule(verifier: string): boolean {
  return /[/\\]|\.[cm]?[jt]s$/.test(verifier);
}
