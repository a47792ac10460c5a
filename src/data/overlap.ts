import { basename } from 'node:path';
import type { DataSet, Problem } from './types.js';

/**
 * What should be known where a suite has problems that are trained on: the same question, or the same problem in another
 * language, known by a shared id with the same answer. Ids that mostly have other answers are no names of problems (1, 2, 3 in
 * two files that have nothing to do with each other) and are passed over, as are those made of a file's name and line.
 */
export function overlapRemark(suite: string, held: DataSet, train: readonly DataSet[]): string | undefined {
  const questions = new Set<string>();
  const answers = new Map<string, string>();
  for (const set of train)
    for (const problem of set.problems) {
      questions.add(spaceless(problem.question));
      if (isNamed(problem, set)) answers.set(problem.id, problem.answer);
    }
  const same = held.problems.filter(({ question }) => questions.has(spaceless(question)));
  const sharing = held.problems.filter((problem) => isNamed(problem, held) && answers.has(problem.id));
  const agreeing = sharing.filter(({ id, answer }) => answers.get(id) === answer);
  const counted = new Set(same);
  const translated = 2 * agreeing.length > sharing.length ? agreeing.filter((problem) => !counted.has(problem)) : [];
  const found = [...same, ...translated];
  if (found.length === 0) return undefined;
  const kinds = [
    ...(same.length > 0 ? [`${same.length} with the same question`] : []),
    ...(translated.length > 0
      ? [`${translated.length} under the same id with the same answer, as translations are`]
      : []),
  ];
  const examples = found.slice(0, 3).map(({ id }) => id);
  return (
    `${suite}: ${found.length} of ${held.problems.length} held-out problems are trained on too (${kinds.join(', ')}), ` +
    `such as ${examples.join(', ')}; its figures are no measure of what was learned`
  );
}

/** A question as it is compared: white space and compatible forms of letters do not count. */
export const spaceless = (text: string): string => text.normalize('NFKC').replace(/\s+/gu, ' ').trim();

const isNamed = ({ id }: Problem, { settings: { path } }: DataSet): boolean => !id.startsWith(`${basename(path)}:`);
