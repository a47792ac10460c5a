import type { Config } from '../config/index.js';
import type { MetricName } from '../metrics/index.js';
import type { MetricsLine } from '../run/index.js';
import { BestValue } from './best_value.js';

/** Why a run ended before grpo.max_steps. */
export interface StopReason {
  condition: 'tokens' | 'hours' | 'at_least' | 'at_most' | 'patience';
  /** In words. */
  text: string;
}

/**
 * Looks whether a run is to end. All but the time is a function of the lines of metrics.jsonl, so a resumed run ends where the
 * unbroken one does.
 */
export class StopConditions {
  readonly #best: BestValue | undefined;
  #met: StopReason | undefined;

  constructor(private readonly settings: Config['stop']) {
    const { metric, min_delta: minDelta, greater_is_better: greaterIsBetter } = settings;
    if (metric !== undefined) this.#best = new BestValue(metric, { greaterIsBetter, minDelta });
  }

  /** Takes note of the line of a step. */
  look(line: MetricsLine): void {
    const { metric, tokens } = this.settings;
    // What the last line says counts: a run that is made longer has met a condition before.
    this.#met = undefined;
    if (tokens !== undefined && (line.num_tokens ?? 0) >= tokens)
      this.#met = { condition: 'tokens', text: `${String(line.num_tokens)} tokens were trained on` };
    this.#best?.look(line);
    const value = metric === undefined ? undefined : line[metric as MetricName];
    if (value !== undefined && value !== null) this.#met ??= this.#ofValue(value);
  }

  /** @param seconds that the run has taken so far. */
  met(seconds: number): StopReason | undefined {
    const { hours } = this.settings;
    if (hours !== undefined && seconds >= 3600 * hours)
      return { condition: 'hours', text: `the run has taken ${(seconds / 3600).toFixed(2)} hours` };
    return this.#met;
  }

  #ofValue(value: number): StopReason | undefined {
    const { metric, at_least: least, at_most: most, patience } = this.settings;
    if (least !== undefined && value >= least)
      return { condition: 'at_least', text: `${metric!} is ${String(value)}, at least ${String(least)}` };
    if (most !== undefined && value <= most)
      return { condition: 'at_most', text: `${metric!} is ${String(value)}, at most ${String(most)}` };
    const { best, since } = this.#best!;
    if (patience !== undefined && best !== undefined && since >= patience)
      return {
        condition: 'patience',
        text: `${metric!} was ${String(best.value)} after step ${String(best.step)}, and none of the ${String(since)} values since was better`,
      };
    return undefined;
  }
}
