/** One line of metrics.jsonl. TRL's names where TRL has them; numbers or null. */
export interface MetricsLine {
  step: number; // 1-based: the optimizer step just made; 0 is the evaluation before training
  [name: string]: number | null;
}
/**
 * Names the report relies on, beside TRL's (loss, grad_norm, reward, reward_std, frac_reward_zero_std, entropy, kl,
 * clip_ratio/*, completions/*, rewards/<name>/mean|std, num_tokens, step_time, learning_rate):
 *   accuracy                                share of judged completions that are right
 *   language/target_wr|en_wr|other_wr       over all words of all completions of the step
 *   language/rewarded/target_wr|en_wr|other_wr   over completions that are right
 *   language/<lang>/target_wr ...           the same by prompt language, where there are several
 *   advantage/<class>/share|reward|advantage|sum   class: target, mixed, english; sum: sum of advantage x tokens
 *   time/generate|grade|train, tokens/generate_per_s|train_per_s, percent_of_peak/generate|train
 */
export interface RunSummary {
  name: string;
  dir: string;
  config: unknown;
  metrics: MetricsLine[];
  /** Held-out evaluations by step. */
  evaluations: {
    step: number;
    suite: string;
    language: string;
    accuracy: number;
    target_wr: number | null;
    target_wr_rewarded: number | null;
    en_wr: number | null;
    n: number;
  }[];
}
// src/run/index.ts: createRun, openRun, appendMetrics, writeRollout, writeCheckpoint, latestCheckpoint, readRun(dir): Promise<RunSummary>
// src/report/index.ts: writeReport(runs: RunSummary[] with labels, out: string, options): Promise<void>
//   completions shown are read from rollouts/*.arrow (columns as in the architecture plus `text`, `question`, `answer`, `language`, `correct`)
