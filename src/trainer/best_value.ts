import type { MetricName } from '../metrics/index.js';
import type { MetricsLine } from '../run/index.js';

/** The best value of a metric in the lines so far. It is a fold over metrics.jsonl, so a resumed run needs no state for it. */
export class BestValue {
  #best: { step: number; value: number } | undefined;
  #since = 0;

  constructor(
    private readonly metric: string,
    private readonly settings: { greaterIsBetter: boolean; minDelta?: number },
  ) {}

  /** Whether the line has the metric, and it is better than all before. A line without it says nothing. */
  look(line: MetricsLine): boolean {
    const value = line[this.metric as MetricName];
    if (value === undefined || value === null) return false;
    const { greaterIsBetter, minDelta = 0 } = this.settings;
    const gain = this.#best === undefined ? Infinity : (value - this.#best.value) * (greaterIsBetter ? 1 : -1);
    if (gain > minDelta) {
      this.#best = { step: line.step, value };
      this.#since = 0;
      return true;
    }
    this.#since++;
    return false;
  }

  get best(): { step: number; value: number } | undefined {
    return this.#best;
  }

  /** Values since then that were no better. */
  get since(): number {
    return this.#since;
  }
}
