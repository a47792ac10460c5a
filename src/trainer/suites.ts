import type { JobOptions } from '../engine/types.js';
import { evaluate } from '../eval/index.js';
import type { Tell } from './events.js';
import type { Parts } from './parts.js';
import { writeEvaluationRows } from './rollouts.js';

/**
 * Evaluates every held-out suite after `step` optimizer steps and writes eval/NNNNNN-<suite>.json and .arrow.
 *
 * @returns the headline figures under the names that metrics.jsonl has for them.
 */
export async function evaluateSuites(
  { config, model, suiteGrader, suites, run }: Parts,
  step: number,
  job: JobOptions,
  tell: Tell | undefined,
): Promise<Record<string, number | null>> {
  const figures: Record<string, number | null> = {};
  for (const { name, problems } of suites) {
    const evaluation = await evaluate(
      { engine: model.engine, tokenizer: model.tokenizer, grader: suiteGrader },
      problems,
      {
        suite: name,
        step,
        seed: config.seed,
        prompt: config.prompt,
        numSamples: config.eval.num_samples,
        temperature: config.eval.temperature,
        topP: config.eval.top_p,
        maxCompletionLength: config.eval.max_completion_length,
      },
      job,
    );
    await run.writeEvaluation({ step, suite: name, rows: evaluation.rows });
    await writeEvaluationRows(run.folder.evaluationRows(step, name), problems, evaluation);
    for (const row of evaluation.rows) {
      const prefix = `eval_${name}${evaluation.rows.length > 1 ? `/${row.language}` : ''}`;
      for (const key of ['accuracy', 'target_wr', 'target_wr_rewarded', 'en_wr'] as const)
        figures[`${prefix}/${key}`] = row[key];
    }
    tell?.({ type: 'evaluation', rows: evaluation.rows });
  }
  return figures;
}
