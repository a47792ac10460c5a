import { exists } from '../base/exists.js';
import { COUNTED_LANGUAGES, noWordCounts, type Language } from '../language/types.js';
import { CompletionSums, type SummedCompletion } from '../metrics/index.js';
import { FIDELITY_COLUMNS, fidelityOfRow, readRolloutFile } from '../rollout/index.js';
import { runFolder } from '../run/index.js';

/** The completions of the problems of one suite in one language, by problem. */
export type Evaluated = Map<string, CompletionSums>;

const COLUMNS = ['id', 'language', 'question', 'gold', 'correct', 'finish'];
const WORDS = COUNTED_LANGUAGES.map((language) => `words.${language}`);

/**
 * eval/NNNNNN-<suite>.parquet, of the prompts in a language. A problem is known by id, question and answer, so that one that was
 * changed is another one. Undefined where there is no such file (earlier versions wrote none).
 *
 * @throws GlossaError ROLLOUT_INVALID, IO_ERROR.
 */
export async function readEvaluated(
  runDir: string,
  step: number,
  suite: string,
  language: string,
): Promise<Evaluated | undefined> {
  const path = runFolder(runDir).evaluationRows(step, suite);
  if (!(await exists(path))) return undefined;
  const found: Evaluated = new Map();
  for (const row of await readRolloutFile(path, [...COLUMNS, ...WORDS, ...Object.values(FIDELITY_COLUMNS)])) {
    if (row['language'] !== language) continue;
    const key = JSON.stringify([row['id'], row['question'], row['gold']]);
    const sums = found.get(key) ?? new CompletionSums();
    sums.add(completionOf(row));
    found.set(key, sums);
  }
  return found;
}

function completionOf(row: Readonly<Record<string, unknown>>): SummedCompletion {
  const words = noWordCounts();
  COUNTED_LANGUAGES.forEach((language, i) => {
    words[language] = Number(row[WORDS[i]!] ?? 0);
  });
  return {
    language: row['language'] as Language,
    correct: typeof row['correct'] === 'boolean' ? row['correct'] : null,
    clipped: row['finish'] === undefined ? null : row['finish'] !== 'stop',
    words,
    fidelity: fidelityOfRow(row),
  };
}
