import type { EngineInfo, LossRow, StepMetrics } from '../engine/types.js';
import type { KlEstimator } from '../grpo/index.js';
import type { Language } from '../language/types.js';
import { accuracyByLevel, gradedMetrics, type GradedRow, type Metrics } from '../metrics/index.js';
import type { MetricsLine } from '../run/index.js';
import type { Collected } from './collect.js';
import { levelRows } from './levels.js';
import { rowLength } from '../base/ragged.js';
import { rowNats } from './nats.js';

export interface LineContext {
  step: number;
  /** Of all training problems. */
  languages: readonly Language[];
  /** Whether accuracy is counted by level too. */
  levels: boolean;
  /** Prompt and completion tokens trained on so far, this step's among them. */
  numTokens: number;
  epoch: number;
  learningRate: number;
  grpo: { beta: number; entropy_coef: number; kl_estimator: KlEstimator };
  loss: LossRow;
  info: EngineInfo;
  /** Measured ceiling of all threads in this number type, flop/s. */
  peak: number;
  /** The first step on a generation: its making is counted here. */
  first: boolean;
  trainSeconds: number;
  /** Of the checkpoint before this step, where there was one. */
  saveSeconds?: number | undefined;
}

/** The line of one optimizer step on rows [start, end) of a generation. docs/metrics.md says what each name means. */
export function metricsLine(
  batch: Collected,
  [start, end]: readonly [number, number],
  metrics: StepMetrics,
  context: LineContext,
): MetricsLine {
  const nats = rowNats(batch.batch.slice(start, end), batch.klSums ? 'k1' : context.grpo.kl_estimator);
  const rows = gradedRows(batch)
    .slice(start, end)
    .map((row, i) => ({ ...row, nats: nats[i]! }));
  const { advantages } = batch;
  const slice = {
    rewards: advantages.rewards.subarray(start, end),
    advantages: advantages.advantages.subarray(start, end),
    zeroStd: advantages.zeroStd.subarray(start, end),
  };
  return {
    step: context.step,
    loss: metrics.loss,
    grad_norm: metrics.gradNorm,
    learning_rate: context.learningRate,
    epoch: context.epoch,
    num_tokens: context.numTokens,
    entropy: metrics.entropy,
    ...(context.grpo.beta > 0 && { kl: batch.klSums ? klOf(batch, [start, end]) : metrics.kl }),
    ...(context.grpo.entropy_coef > 0 && { policy_loss: metrics.policyLoss }),
    ...ratios(metrics, context.loss),
    'sampling/sampling_logp_difference/max': metrics.logpMaxAbsDiff,
    loss_tokens: metrics.lossTokens,
    grader_errors: batch.graded.slice(start, end).reduce((sum, row) => sum + row.errors.length, 0),
    ...gradedMetrics(rows, batch.rewardNames, slice, context.languages),
    ...(context.levels && accuracyByLevel(levelRows(batch.graded, batch.problems, batch.columns).slice(start, end))),
    ...(context.first && batch.metrics),
    ...timings(batch, metrics, context),
  };
}

/** Mean over the tokens of rows [start, end), where the KL is part of the reward and not of the loss. */
function klOf({ klSums, columns: { completions } }: Collected, [start, end]: readonly [number, number]): number | null {
  const tokens = completions.offsets[end]! - completions.offsets[start]!;
  return tokens === 0 ? null : klSums!.subarray(start, end).reduce((sum, kl) => sum + kl, 0) / tokens;
}

/** What the loss did to the ratios, under the names that TRL gives it. */
function ratios(metrics: StepMetrics, { metric }: LossRow): Metrics {
  switch (metric) {
    case 'clip_ratio':
      return {
        'clip_ratio/low_mean': metrics.clipLowMean,
        'clip_ratio/low_min': metrics.clipLowMin,
        'clip_ratio/high_mean': metrics.clipHighMean,
        'clip_ratio/high_max': metrics.clipHighMax,
        'clip_ratio/region_mean': metrics.clipRegionMean,
      };
    case 'cispo_clip_ratio':
      return { cispo_clip_ratio: metrics.clipHighMean };
    case 'vespo/phi_seq_mean':
      return { 'vespo/phi_seq_mean': metrics.weightMean };
    default:
      return {};
  }
}

export function gradedRows(batch: Collected): GradedRow[] {
  return batch.graded.map((graded, row) => ({
    language: batch.problems[batch.columns.promptIndex[row]!]!.language,
    tokens: rowLength(batch.columns.completions, row),
    terminated: batch.finish[row] === 'stop',
    correct: graded.correct,
    rewards: graded.rewards,
    measure: graded.language,
  }));
}

function timings(
  batch: Collected,
  metrics: StepMetrics,
  { first, trainSeconds, saveSeconds, info, peak, grpo }: LineContext,
): Metrics {
  const { generate, grade, reference } = first ? batch.seconds : { generate: 0, grade: 0, reference: 0 };
  const drawn = batch.columns.completions.ids.length;
  const rate = (amount: number, seconds: number) => (seconds > 0 ? amount / seconds : null);
  const share = (flops: number, seconds: number) => (seconds > 0 && peak > 0 ? (100 * flops) / seconds / peak : null);
  return {
    step_time: generate + grade + reference + trainSeconds,
    'time/generate': generate,
    'time/grade': grade,
    ...(grpo.beta > 0 && { 'time/reference': reference }),
    'time/train': trainSeconds,
    'time/forward': metrics.forwardSeconds,
    'time/backward': metrics.backwardSeconds,
    'time/optimizer': metrics.optimizerSeconds,
    ...(saveSeconds !== undefined && { 'time/save': saveSeconds }),
    'tokens/generate_per_s': rate(drawn, generate),
    'tokens/train_per_s': rate(metrics.tokens, trainSeconds),
    'percent_of_peak/generate': share(2 * info.matmulParameters * drawn, generate),
    'percent_of_peak/train': share(metrics.flops, trainSeconds),
  };
}
