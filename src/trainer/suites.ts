import type { JobOptions } from '../engine/types.js';
import { evaluate, evaluationRows } from '../eval/index.js';
import { accuracyByLevel, HEADLINE, type Metrics } from '../metrics/index.js';
import { gradingErrors } from '../reward/index.js';
import { writeRolloutFile } from '../rollout/index.js';
import { atKs, type Run } from '../run/index.js';
import { warner, type Tell } from './events.js';
import { hasLevels, levelRows } from './levels.js';
import type { Parts } from './parts.js';

/**
 * Evaluates every held-out suite after `step` optimizer steps and writes eval/NNNNNN-<suite>.json and .parquet.
 *
 * @returns the headline figures under the names that metrics.jsonl has for them.
 */
export async function evaluateSuites(
  { config, model, suiteGrader, suites, decoding, run }: Parts & { run: Run },
  step: number,
  job: JobOptions,
  tell: Tell | undefined,
): Promise<Metrics> {
  const figures: Metrics = {};
  for (const suite of suites) {
    const { name, file, problems, settings, prompt } = suite;
    const evaluation = await evaluate(
      { engine: model.engine, tokenizer: model.tokenizer, grader: suiteGrader },
      problems,
      { suite: name, file, step, prompt, ...settings, ...(config.decoding.in_eval && { decoding }) },
      job,
    );
    const errors = gradingErrors(evaluation.graded, evaluation.graded.length * suiteGrader.names.length);
    if (errors) warner(tell)(`${name} after step ${String(step)}: ${errors.text}`);
    await run.writeEvaluation({ step, suite: name, rows: evaluation.rows });
    await writeRolloutFile(
      run.folder.evaluationRows(step, name),
      evaluationRows({ ...suite, suite: name }, evaluation),
    );
    for (const row of evaluation.rows) {
      const prefix = `eval_${name}${evaluation.rows.length > 1 ? `/${row.language}` : ''}` as const;
      for (const key of [...HEADLINE, ...atKs(row)]) figures[`${prefix}/${key}`] = row[key] ?? null;
      for (const [reward, { mean, std }] of Object.entries(row.rewards ?? {})) {
        figures[`${prefix}/rewards/${reward}/mean`] = mean;
        figures[`${prefix}/rewards/${reward}/std`] = std;
      }
    }
    if (hasLevels(config)) {
      const { columns, graded } = evaluation;
      for (const [key, value] of Object.entries(accuracyByLevel(levelRows(graded, problems, columns))))
        figures[`eval_${name}/${key as 'level/1/accuracy'}`] = value;
    }
    tell?.({ type: 'evaluation', rows: evaluation.rows });
  }
  return figures;
}
