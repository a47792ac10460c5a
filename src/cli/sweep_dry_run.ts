import type { SweepPlan } from '../sweep/index.js';
export function sweepDryRun(_plan: SweepPlan, _o: unknown): Promise<number> {
  return Promise.resolve(0);
}
