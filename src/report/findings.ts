import type { MetricsLine, RunSummary } from '../run/types.js';

/** What one run shows, in numbers between 0 and 1 (null: not measured). */
export interface Findings {
  before: EvaluationPoint | null;
  after: EvaluationPoint | null;
  /** First step at which the smoothed rewarded Target WR is below half its start; null: never. */
  collapseStep: number | null;
  steps: number;
}

export interface EvaluationPoint {
  step: number;
  accuracy: number;
  targetWr: number | null;
  targetWrRewarded: number | null;
  enWr: number | null;
  n: number;
}

/** Steps over which a curve is averaged before a collapse is looked for. */
export const SMOOTHING = 5;

/** Mean of the last `width` known values up to each position; null until there is one. */
export function smooth(values: readonly (number | null)[], width: number): (number | null)[] {
  return values.map((_, i) => {
    const known = values.slice(Math.max(0, i - width + 1), i + 1).filter((v) => v !== null);
    return known.length === 0 ? null : known.reduce((a, b) => a + b, 0) / known.length;
  });
}

/** docs: science, "Collapse step". */
export function collapseStep(metrics: readonly MetricsLine[]): number | null {
  const lines = metrics.filter((line) => line.step > 0);
  const curve = smooth(
    lines.map((line) => line['language/rewarded/target_wr'] ?? null),
    SMOOTHING,
  );
  const start = curve.find((v) => v !== null);
  if (start === undefined || start === null || start === 0) return null;
  const at = curve.findIndex((v) => v !== null && v < start / 2);
  return at < 0 ? null : (lines[at]?.step ?? null);
}

/** The held-out evaluation before training and the last one after it, in the run's first language; where it collapsed. */
export function findings(run: RunSummary): Findings {
  const language = run.evaluations[0]?.language;
  const points = run.evaluations
    .filter((e) => e.language === language)
    .sort((a, b) => a.step - b.step)
    .map((e) => ({
      step: e.step,
      accuracy: e.accuracy,
      targetWr: e.target_wr,
      targetWrRewarded: e.target_wr_rewarded,
      enWr: e.en_wr,
      n: e.n,
    }));
  return {
    before: points.find((point) => point.step === 0) ?? null,
    after: points.findLast((point) => point.step > 0) ?? null,
    collapseStep: collapseStep(run.metrics),
    steps: run.metrics.reduce((most, line) => Math.max(most, line.step), 0),
  };
}

/** Accuracy lost per point of Target WR kept, of `kept` against `lost`; null where nothing was kept. */
export function fidelityPrice(lost: Findings, kept: Findings): number | null {
  const a = lost.after;
  const b = kept.after;
  if (a === null || b === null || a.targetWr === null || b.targetWr === null) return null;
  const points = b.targetWr - a.targetWr;
  return points <= 0.01 ? null : (a.accuracy - b.accuracy) / points;
}
