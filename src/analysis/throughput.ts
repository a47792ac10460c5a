import type { MetricsLine } from '../run/index.js';

/** Over all steps together; null where nothing was timed. */
export interface Throughput {
  /** Completion tokens drawn a second of sampling, and tokens computed a second of training. */
  sampled_per_s: number | null;
  trained_per_s: number | null;
  /** Of the machine's measured ceiling. */
  sampling_percent_of_peak: number | null;
  training_percent_of_peak: number | null;
}

/** Seconds of all steps by phase. */
export interface TimeSpent {
  /** Sum of `step_time`. */
  steps: number;
  generate: number;
  grade: number;
  reference: number;
  train: number;
  /** Of training. */
  forward: number;
  backward: number;
  optimizer: number;
  evaluate: number;
  save: number;
}

/** A rate over all steps is the mean of the steps' rates, each for as long as it lasted. */
export function throughput(lines: readonly MetricsLine[]): Throughput {
  return {
    sampled_per_s: rate(lines, 'tokens/generate_per_s', 'time/generate'),
    trained_per_s: rate(lines, 'tokens/train_per_s', 'time/train'),
    sampling_percent_of_peak: rate(lines, 'percent_of_peak/generate', 'time/generate'),
    training_percent_of_peak: rate(lines, 'percent_of_peak/train', 'time/train'),
  };
}

export function timeSpent(lines: readonly MetricsLine[]): TimeSpent {
  const phase = (name: string) => total(lines, `time/${name}` as TimeName);
  return {
    steps: total(lines, 'step_time'),
    generate: phase('generate'),
    grade: phase('grade'),
    reference: phase('reference'),
    train: phase('train'),
    forward: phase('forward'),
    backward: phase('backward'),
    optimizer: phase('optimizer'),
    evaluate: phase('evaluate'),
    save: phase('save'),
  };
}

type TimeName = Extract<keyof MetricsLine, `time/${string}` | 'step_time'>;

const total = (lines: readonly MetricsLine[], name: TimeName): number =>
  lines.reduce((sum, line) => sum + (line[name] ?? 0), 0);

function rate(
  lines: readonly MetricsLine[],
  name: Extract<keyof MetricsLine, `tokens/${string}` | `percent_of_peak/${string}`>,
  time: TimeName,
): number | null {
  let [amount, seconds] = [0, 0];
  for (const line of lines) {
    const value = line[name];
    const took = line[time];
    if (typeof value !== 'number' || typeof took !== 'number') continue;
    amount += value * took;
    seconds += took;
  }
  return seconds > 0 ? amount / seconds : null;
}
