import type { Metrics } from '../metrics/index.js';
import type { JsonValue, MetricsLine } from '../run/index.js';
import type { AskedProblem, GradedGeneration, Lever } from './types.js';

/** The levers of a run, in order: each gets what the one before it made. */
export class Levers {
  constructor(private readonly levers: readonly Lever[]) {}

  beforeGeneration(asked: readonly AskedProblem[], step: number): readonly AskedProblem[] {
    return this.levers.reduce((now, lever) => lever.beforeGeneration?.(now, step) ?? now, asked);
  }

  afterGrading(generation: GradedGeneration): GradedGeneration & { metrics: Metrics } {
    return this.levers.reduce(
      (now, lever) => {
        const { metrics, ...changed } = lever.afterGrading?.(now) ?? {};
        return { ...now, ...changed, metrics: { ...now.metrics, ...metrics } };
      },
      { ...generation, metrics: {} },
    );
  }

  afterGeneration(lines: readonly MetricsLine[]): void {
    for (const lever of this.levers) lever.afterGeneration?.(lines);
  }

  /** By name, of those that have one; undefined where none has. */
  state(): Record<string, JsonValue> | undefined {
    const states = this.levers.flatMap((lever) => (lever.state ? [[lever.name, lever.state()] as const] : []));
    return states.length === 0 ? undefined : Object.fromEntries(states);
  }
}
