import type { RecordBatch } from 'apache-arrow';
import type { ResolvedConfig } from '../config/index.js';
import type { Problem } from '../data/types.js';
import { rolloutColumns, withReference } from '../engine/index.js';
import type { Engine, Finish, JobOptions, RolloutColumns } from '../engine/types.js';
import { computeAdvantages } from '../grpo/index.js';
import type { Advantages } from '../grpo/types.js';
import type { GradedCompletion } from '../reward/types.js';
import { RolloutGrading, type Grader } from '../reward/index.js';
import { addColumns, gradedColumns } from '../rollout/index.js';
import { renderQuestion } from '../prompt/index.js';
import type { Reference } from './reference.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { toRagged } from '../base/ragged.js';

/** One generation, graded: rows in order (prompt, sample), the completions of a problem one after the other. */
export interface Collected {
  problems: readonly Problem[];
  /** Everything known of each row; the steps train on its memory. */
  batch: RecordBatch;
  /** Views of it. */
  columns: RolloutColumns;
  texts: readonly string[];
  finish: readonly Finish[];
  graded: readonly GradedCompletion[];
  advantages: Advantages;
  seconds: { generate: number; grade: number; reference: number };
}

export interface CollectContext {
  config: ResolvedConfig;
  engine: Engine;
  tokenizer: Tokenizer;
  grader: Grader;
  reference: Reference | undefined;
  /** The file that a problem was read from. */
  fileOf: (problem: Problem) => string;
}

/**
 * Samples the completions of `problems` at optimizer step `step` (steps made so far), grades them, most while others are still
 * sampled, and finds their advantages.
 */
export async function collect(
  problems: readonly Problem[],
  step: number,
  context: CollectContext,
  job: JobOptions,
): Promise<Collected> {
  const { config, engine, tokenizer, grader, fileOf } = context;
  const { grpo } = config;
  const started = performance.now();
  const rendered = await Promise.all(problems.map((problem) => renderQuestion(tokenizer, problem, config.prompt)));
  const asked = problems.map((problem, i) => ({ problem, prompt: rendered[i]!.ids }));
  const grading = new RolloutGrading(asked, grpo.num_generations, { tokenizer, grader, step });
  const generated = await engine.generate(
    {
      prompts: toRagged(rendered.map(({ ids }) => ids)),
      numGenerations: grpo.num_generations,
      maxNewTokens: grpo.max_completion_length,
      stopIds: tokenizer.eosIds,
      temperature: grpo.temperature,
      seed: BigInt(config.seed),
      purpose: 'rollout',
      step,
    },
    { ...job, onCompleted: grading.add },
  );
  const sampled = performance.now();
  const columns = rolloutColumns(generated);
  const { texts, finish, graded } = await grading.rest(columns);
  const advantages = computeAdvantages(
    graded.map((row) => row.rewards),
    {
      numGenerations: grpo.num_generations,
      weights: grader.weights,
      scaleRewards: grpo.scale_rewards,
      multiObjectiveAggregation: grpo.multi_objective_aggregation,
    },
  );
  const batch = addColumns(generated, {
    ...gradedColumns({ problems, columns, texts, graded, suite: null, fileOf }),
    reward: advantages.rewards,
    advantage: advantages.advantages,
    rewards: Object.fromEntries(grader.names.map((name, k) => [name, graded.map((row) => row.rewards[k] ?? null)])),
  });
  const judged = performance.now();
  const refLogps = await context.reference?.logps(columns);
  return {
    problems,
    batch: refLogps === undefined ? batch : withReference(batch, refLogps),
    columns,
    texts,
    finish,
    graded,
    advantages,
    seconds: {
      generate: (sampled - started) / 1e3,
      grade: (judged - sampled) / 1e3,
      reference: (performance.now() - judged) / 1e3,
    },
  };
}
