import type { ResolvedConfig } from '../config/index.js';
import type { Problem } from '../data/types.js';
import type { Engine, Finish, JobOptions, Ragged, RolloutColumns } from '../engine/types.js';
import { computeAdvantages } from '../grpo/index.js';
import type { Advantages } from '../grpo/types.js';
import type { GradedCompletion } from '../reward/types.js';
import { gradeRollout, type Grader } from '../reward/index.js';
import { renderPrompt } from '../prompt/index.js';
import type { Reference } from './reference.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { toRagged } from '../base/ragged.js';

/** One generation, graded: rows in order (prompt, sample), the completions of a problem one after the other. */
export interface Collected {
  problems: readonly Problem[];
  columns: RolloutColumns;
  prompts: Ragged;
  completions: Ragged;
  texts: readonly string[];
  finish: readonly Finish[];
  graded: readonly GradedCompletion[];
  advantages: Advantages;
  refLogps: Float32Array | undefined;
  seconds: { generate: number; grade: number; reference: number };
}

export interface CollectContext {
  config: ResolvedConfig;
  engine: Engine;
  tokenizer: Tokenizer;
  grader: Grader;
  reference: Reference | undefined;
}

/** Samples the completions of `problems` at optimizer step `step` (steps made so far), grades them, and finds their advantages. */
export async function collect(
  problems: readonly Problem[],
  step: number,
  context: CollectContext,
  job: JobOptions,
): Promise<Collected> {
  const { config, engine, tokenizer, grader } = context;
  const { grpo } = config;
  const started = performance.now();
  const rendered = await Promise.all(
    problems.map(({ question, language }) => renderPrompt(tokenizer, question, language, config.prompt)),
  );
  const columns = await engine.generate(
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
    job,
  );
  const generated = performance.now();
  const prompts = { ids: columns.promptIds, offsets: columns.promptOffsets };
  const { completions, texts, finish, graded } = await gradeRollout(problems, columns, { tokenizer, grader });
  const advantages = computeAdvantages(
    graded.map((row) => row.rewards),
    {
      numGenerations: grpo.num_generations,
      weights: grader.weights,
      scaleRewards: grpo.scale_rewards,
      multiObjectiveAggregation: grpo.multi_objective_aggregation,
    },
  );
  const judged = performance.now();
  const refLogps = await context.reference?.logps({ prompts, completions });
  return {
    problems,
    columns,
    prompts,
    completions,
    texts,
    finish,
    graded,
    advantages,
    refLogps,
    seconds: {
      generate: (generated - started) / 1e3,
      grade: (judged - generated) / 1e3,
      reference: (performance.now() - judged) / 1e3,
    },
  };
}
