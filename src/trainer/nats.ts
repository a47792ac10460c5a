import type { RecordBatch } from 'apache-arrow';
import { referenceLogps, rolloutColumns } from '../engine/index.js';
import { klEstimate, type KlEstimator } from '../grpo/index.js';
import type { Nats } from '../metrics/index.js';

/** Of each row of a rollout the sums over its tokens of entropy and, where the reference's log-probabilities are there, of KL. */
export function rowNats(batch: RecordBatch, estimator: KlEstimator): Nats[] {
  const { rows, completions, entropies, logps } = rolloutColumns(batch);
  const reference = referenceLogps(batch);
  return Array.from({ length: rows }, (_, row) => {
    let [entropy, kl] = [0, 0];
    for (let token = completions.offsets[row]!; token < completions.offsets[row + 1]!; token++) {
      entropy += entropies[token]!;
      if (reference) kl += klEstimate(estimator, logps[token]!, reference[token]!);
    }
    return { entropy, ...(reference && { kl }) };
  });
}
