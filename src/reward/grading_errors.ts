import type { GradedCompletion } from './types.js';

/** How many gradings of completions ended in an error, their share of `gradings`, and the first of them; undefined of none. */
export function gradingErrors(
  graded: readonly Pick<GradedCompletion, 'errors'>[],
  gradings: number,
): { share: number; text: string } | undefined {
  const errors = graded.flatMap((row) => row.errors);
  const [first] = errors;
  if (first === undefined) return undefined;
  const share = errors.length / gradings;
  const { reward, message, stack } = first;
  const text = `${String(errors.length)} gradings (${(100 * share).toFixed(1)} %) ended in an error; the first, of ${reward}: ${message}${stack ? `\n${stack}` : ''}`;
  return { share, text };
}
