import type { RecordBatch } from 'apache-arrow';
import { rowLength } from '../base/ragged.js';
import type { ResolvedConfig } from '../config/index.js';
import type { Problem } from '../data/types.js';
import type { DecodingLaw } from '../decoding/index.js';
import { withReference } from '../engine/index.js';
import type { Finish, JobOptions, RolloutColumns } from '../engine/types.js';
import { computeAdvantages, overlongPunishment } from '../grpo/index.js';
import type { Advantages } from '../grpo/types.js';
import type { RewardTable } from '../levers/index.js';
import type { Metrics } from '../metrics/index.js';
import type { GradedCompletion } from '../reward/types.js';
import { addColumns, gradedColumns } from '../rollout/index.js';
import { draw, type Supply } from './dynamic_sampling.js';
import { rowBiases } from './law.js';
import type { Reference } from './reference.js';
import type { SampleContext, Sampled } from './sample.js';
import { tellCollected } from './spans.js';

/** One generation, graded: rows in order (prompt, sample), the completions of a problem one after the other. */
export interface Collected {
  problems: readonly Problem[];
  /** Prompts that were drawn for it; more than it has where dynamic sampling replaced some. */
  drawn: number;
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
  /** Of each row, the sum over its tokens of the policy's log-probability less the reference's; where rewards pay for it. */
  klSums: Float64Array | undefined;
  /** Of the drawing and of the levers; they stand in the line of the generation's first step. */
  metrics: Metrics;
  /** That the completions were drawn under. */
  decoding?: DecodingLaw | undefined;
  seconds: { generate: number; grade: number; reference: number };
}

export interface CollectContext extends SampleContext {
  reference: Reference | undefined;
  /** The file that a problem was read from. */
  fileOf: (problem: Problem) => string;
}

/** Name of the reward that the soft overlong penalty is. */
const OVERLONG = 'soft_overlong';

/**
 * Samples and grades a generation at optimizer step `step` (steps made so far), lets the levers change its rewards, and finds its
 * advantages.
 */
export async function collect(
  supply: Supply,
  step: number,
  context: CollectContext,
  job: JobOptions,
): Promise<Collected> {
  const { config, grader, levers, fileOf } = context;
  const { grpo } = config;
  const drawn = await draw(supply, step, context, job);
  const { problems, columns, texts, finish } = drawn;
  const judging = performance.now();
  const truncated = grpo.mask_truncated_completions;
  const { rewards, lossMask, metrics } = levers.afterGrading({
    ...{ step, problems, columns, texts, finish, graded: drawn.graded },
    rewards: withOverlong({ ...grader, rows: drawn.graded.map((row) => row.rewards) }, drawn, config),
    lossMask: Uint8Array.from(finish, (reason) => (truncated && reason !== 'stop' ? 0 : 1)),
  });
  const graded = drawn.graded.map((row, i) => ({ ...row, rewards: [...rewards.rows[i]!] }));
  const judged = performance.now();
  const refLogps = await context.reference?.logps({ ...columns, ...rowBiases(context.decoding, columns, problems) });
  const referred = performance.now();
  const klSums = refLogps && grpo.kl_in_reward ? sumsOfKl(columns, refLogps) : undefined;
  const advantages = computeAdvantages(rewards.rows, {
    estimator: grpo.advantage_estimator,
    penalties: klSums?.map((sum) => grpo.beta * sum),
    numGenerations: grpo.num_generations,
    weights: rewards.weights,
    scaleRewards: grpo.scale_rewards,
    multiObjectiveAggregation: grpo.multi_objective_aggregation,
  });
  const batch = addColumns(drawn.generated, {
    ...gradedColumns({ problems, columns, texts, graded, suite: null, fileOf }),
    ...(config.levers.hints && { hint: Array.from(columns.promptIndex, (prompt) => drawn.hints[prompt]!) }),
    reward: advantages.rewards,
    advantage: advantages.advantages,
    rewards: Object.fromEntries(rewards.names.map((name, k) => [name, graded.map((row) => row.rewards[k] ?? null)])),
  });
  const { seconds } = drawn;
  const ended = performance.now();
  tellCollected([judging, judged, referred, ended], step + 1);
  return {
    ...{ problems, drawn: drawn.drawn, columns, texts, finish, graded, lossMask, advantages, klSums },
    batch: refLogps === undefined ? batch : withReference(batch, refLogps),
    rewardNames: rewards.names,
    decoding: context.decoding,
    metrics: { ...drawn.metrics, ...metrics },
    seconds: {
      generate: seconds.generate,
      grade: seconds.grade + (judged - judging + ended - referred) / 1e3,
      reference: (referred - judged) / 1e3,
    },
  };
}

/** The rewards with that of the soft overlong penalty, where it is asked for. */
function withOverlong(
  { names, weights, rows }: RewardTable,
  { columns }: Pick<Sampled, 'columns'>,
  { grpo: { overlong_buffer: buffer, max_completion_length: longest } }: ResolvedConfig,
): RewardTable {
  if (!buffer) return { names, weights, rows };
  const punishment = (row: number) =>
    overlongPunishment(rowLength(columns.completions, row), { longest, buffer: buffer.len });
  return {
    names: [...names, OVERLONG],
    weights: [...weights, buffer.penalty_factor],
    rows: rows.map((row, i) => [...row, punishment(i)]),
  };
}

/** The estimate k1 of the KL of each completion: the sum of log-probability less the reference's. */
function sumsOfKl({ completions, logps, rows }: RolloutColumns, refLogps: Float32Array): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let i = completions.offsets[row]!; i < completions.offsets[row + 1]!; i++) sum += logps[i]! - refLogps[i]!;
    return sum;
  });
}
