import { writeFileAtomic } from '../base/atomic.js';
import { evaluationRows, type Evaluation } from '../eval/index.js';
import type { Suite } from '../inputs/index.js';
import { jsonLinesFile, parquetFile } from '../rollout/index.js';
import type { EvaluationRow } from '../run/index.js';
import { evaluationTable } from './eval_table.js';
import { count } from './format.js';

/** A suite that was evaluated to its end. */
export interface Finished {
  suite: Suite;
  evaluation: Evaluation;
}

export const FORMATS = ['parquet', 'jsonl'] as const;

export async function writeRows(
  path: string,
  format: (typeof FORMATS)[number],
  finished: readonly Finished[],
): Promise<void> {
  const batches = finished.map(({ suite, evaluation }) => evaluationRows({ ...suite, suite: suite.name }, evaluation));
  const file = format === 'parquet' ? parquetFile(batches[0]!.schema, batches) : jsonLinesFile(batches);
  await writeFileAtomic(path, file);
}

const rowsOf = (finished: readonly Finished[]): EvaluationRow[] =>
  finished.flatMap(({ evaluation }) => evaluation.rows);

function totals(finished: readonly Finished[]): { completions: number; tokens: number } {
  return {
    completions: finished.reduce((sum, { evaluation }) => sum + evaluation.columns.rows, 0),
    tokens: finished.reduce((sum, { evaluation }) => sum + evaluation.columns.completions.ids.length, 0),
  };
}

/** Settings that not every suite has alike are null. */
export function jsonOutput(
  model: string,
  steps: readonly number[],
  finished: readonly Finished[],
  left: readonly string[],
  seconds: number,
): string {
  const settings = finished.map(({ suite }) => suite.settings);
  const common = <T>(of: (one: Suite['settings']) => T): T | null =>
    settings.every((one) => of(one) === of(settings[0]!)) ? of(settings[0]!) : null;
  const several = steps.length > 1;
  return `${JSON.stringify({
    model,
    ...(several ? { steps } : { step: steps[0] }),
    data: [...new Set(finished.map(({ suite }) => suite.file))],
    max_tokens: common(({ maxCompletionLength }) => maxCompletionLength),
    temperature: common(({ temperature }) => temperature),
    samples: common(({ numSamples }) => numSamples),
    seed: common(({ seed }) => seed),
    ...totals(finished),
    seconds,
    results: rowsOf(finished).map(({ step, ...row }) => (several ? { step, ...row } : row)),
    ...(left.length > 0 && { unfinished: left }),
  })}\n`;
}

export function textOutput(finished: readonly Finished[], seconds: number): string {
  const { completions, tokens } = totals(finished);
  return `${evaluationTable(rowsOf(finished))}\n${count(completions, 'completion')}, ${count(tokens, 'token')} in ${seconds.toFixed(1)} s\n`;
}
