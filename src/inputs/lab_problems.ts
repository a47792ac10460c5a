import type { DataSource } from '../config/index.js';
import type { Problem } from '../data/types.js';
import { generateProblems, type LabSettings } from '../lab/index.js';

/** The problems that lie beside a lab model of these settings, told without making the model. */
export function tellLabProblems(
  { problems, seed, trainProblems, testProblems }: LabSettings,
  { language, split }: NonNullable<DataSource['lab']>,
  limit = Infinity,
): Problem[] {
  const count = split === 'train' ? trainProblems : testProblems;
  return generateProblems(problems, { seed, split, count, languages: [language] })
    .slice(0, limit)
    .map(({ id, question, answer, solutions }) => ({
      ...{ id, question, answer, language },
      solution: solutions.worked,
      source: undefined,
    }));
}
