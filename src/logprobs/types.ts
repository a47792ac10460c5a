/** Ids whose log-probabilities are asked for: those of the completion, given the prompt. */
export interface Sequence {
  /** Line of the file, or row number. */
  line: number;
  /** The row's own `id`, where it has one. */
  id: string | undefined;
  promptIds: readonly number[];
  completionIds: readonly number[];
}

/** A sequence with the natural logarithm of each completion token's probability, and the entropy (nats) of what it was drawn from. */
export interface ScoredSequence extends Sequence {
  logps: Float32Array;
  entropies: Float32Array;
}
