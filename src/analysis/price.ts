import { isDeepStrictEqual } from 'node:util';
import { modelWithDefaults } from '../config/index.js';
import type { EvaluationRow } from '../run/evaluation.js';
import type { RunModel } from './model.js';

/** What one run lost in accuracy for the language it kept, against another, on one language of one suite. */
export interface FidelityPrice {
  suite: string;
  language: string;
  lost: EvaluationRow;
  kept: EvaluationRow;
  /** Points of accuracy lost for each point of Target WR kept; below 0 where nothing was lost. */
  price: number;
}

/** Less than a point of Target WR kept has no price: it would be a quotient of noise. */
const LEAST_KEPT = 0.01;

/**
 * The fidelity price of `kept` against `lost` at the last evaluation of each, for every suite in a language that both train on
 * (docs/metrics.md, "Fidelity price"). None where they began with different models, or the suite is another file or has another
 * number of completions.
 */
export function fidelityPrices(lost: RunModel, kept: RunModel): FidelityPrice[] {
  if (!isDeepStrictEqual(startOf(lost), startOf(kept))) return [];
  return kept.suites.flatMap(({ suite, language, trained, rows }) => {
    const other = lost.suites.find((each) => each.trained && each.suite === suite && each.language === language);
    const [a, b] = [other?.rows.at(-1), rows.at(-1)];
    if (!trained || a === undefined || b === undefined) return [];
    if (a.n !== b.n || a.file !== b.file || a.step === 0 || b.step === 0) return [];
    if (!isNumber(a.accuracy) || !isNumber(b.accuracy) || a.target_wr === null || b.target_wr === null) return [];
    const points = b.target_wr - a.target_wr;
    return points <= LEAST_KEPT
      ? []
      : [{ suite, language, lost: a, kept: b, price: (a.accuracy - b.accuracy) / points }];
  });
}

/**
 * A laboratory model is drawn from the run's seed, where it has none of its own, and so are random weights. Which tensors train and
 * where models are kept is not what a run begins with.
 */
function startOf({ config }: RunModel): unknown {
  const { model, seed } = (config ?? {}) as { model?: unknown; seed?: number };
  const { trainable: _trains, cache: _kept, ...start } = (modelWithDefaults(model) ?? {}) as Record<string, unknown>;
  return start['lab'] === undefined && start['init'] === undefined ? start : { start, seed };
}

const isNumber = (value: unknown): value is number => typeof value === 'number';
