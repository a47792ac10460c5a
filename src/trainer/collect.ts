import type { RecordBatch } from 'apache-arrow';
import type { ResolvedConfig } from '../config/index.js';
import type { Problem } from '../data/types.js';
import { rolloutColumns, withReference } from '../engine/index.js';
import type { Engine, Finish, JobOptions, RolloutColumns } from '../engine/types.js';
import { computeAdvantages } from '../grpo/index.js';
import type { Advantages } from '../grpo/types.js';
import type { Levers } from '../levers/index.js';
import type { Metrics } from '../metrics/index.js';
import type { GradedCompletion } from '../reward/types.js';
import { RolloutGrading, type Grader } from '../reward/index.js';
import { addColumns, gradedColumns } from '../rollout/index.js';
import { renderQuestion, thinkTags } from '../prompt/index.js';
import type { Reference } from './reference.js';
import { tellCollected } from './spans.js';
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
  /** With the rewards that advantages are made of. */
  graded: readonly GradedCompletion[];
  rewardNames: readonly string[];
  /** 0: the row carries no loss. */
  lossMask: Uint8Array;
  advantages: Advantages;
  /** Of the levers; they stand in the line of the generation's first step. */
  metrics: Metrics;
  seconds: { generate: number; grade: number; reference: number };
}

export interface CollectContext {
  config: ResolvedConfig;
  engine: Engine;
  tokenizer: Tokenizer;
  grader: Grader;
  levers: Levers;
  reference: Reference | undefined;
  /** The file that a problem was read from. */
  fileOf: (problem: Problem) => string;
}

/**
 * Samples the completions of the problems `drawn` at optimizer step `step` (steps made so far), grades them, most while others are still
 * sampled, and finds their advantages.
 */
export async function collect(
  drawn: readonly Problem[],
  step: number,
  context: CollectContext,
  job: JobOptions,
): Promise<Collected> {
  const { config, engine, tokenizer, grader, levers, fileOf } = context;
  const { grpo } = config;
  const started = performance.now();
  const steered = levers.beforeGeneration(
    drawn.map((problem) => ({ problem, prompt: config.prompt })),
    step,
  );
  const problems = steered.map(({ problem }) => problem);
  const rendered = await Promise.all(steered.map(({ problem, prompt }) => renderQuestion(tokenizer, problem, prompt)));
  const asked = problems.map((problem, i) => ({ problem, prompt: rendered[i]!.ids }));
  const grading = new RolloutGrading(asked, grpo.num_generations, {
    ...{ tokenizer, grader, step },
    thinkTags: ({ language }) => thinkTags(config.prompt, language),
  });
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
  const { texts, finish, graded: judged } = await grading.rest(columns);
  const truncated = grpo.mask_truncated_completions;
  const { rewards, lossMask, metrics } = levers.afterGrading({
    ...{ step, problems, columns, texts, finish, graded: judged },
    rewards: { names: grader.names, weights: grader.weights, rows: judged.map((row) => row.rewards) },
    lossMask: Uint8Array.from(finish, (reason) => (truncated && reason !== 'stop' ? 0 : 1)),
  });
  const graded = judged.map((row, i) => ({ ...row, rewards: [...rewards.rows[i]!] }));
  const advantages = computeAdvantages(rewards.rows, {
    numGenerations: grpo.num_generations,
    weights: rewards.weights,
    scaleRewards: grpo.scale_rewards,
    multiObjectiveAggregation: grpo.multi_objective_aggregation,
  });
  const batch = addColumns(generated, {
    ...gradedColumns({ problems, columns, texts, graded, suite: null, fileOf }),
    ...(config.levers.hints && { hint: Array.from(columns.promptIndex, (prompt) => steered[prompt]!.hint ?? null) }),
    reward: advantages.rewards,
    advantage: advantages.advantages,
    rewards: Object.fromEntries(rewards.names.map((name, k) => [name, graded.map((row) => row.rewards[k] ?? null)])),
  });
  const judgedAt = performance.now();
  const refLogps = await context.reference?.logps(columns);
  const compared = performance.now();
  tellCollected([started, sampled, judgedAt, compared], { step: step + 1, tokens: columns.completions.ids.length });
  return {
    problems,
    batch: refLogps === undefined ? batch : withReference(batch, refLogps),
    columns,
    texts,
    finish,
    graded,
    rewardNames: rewards.names,
    lossMask,
    advantages,
    metrics,
    seconds: {
      generate: (sampled - started) / 1e3,
      grade: (judgedAt - sampled) / 1e3,
      reference: (compared - judgedAt) / 1e3,
    },
  };
}
