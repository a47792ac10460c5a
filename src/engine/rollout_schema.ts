import { Dictionary, Field, Float32, Int32, Int8, List, Schema, Utf8, type DataType } from 'apache-arrow';

// One object a dictionary, so that every batch of a file names the same dictionary.
const finishType = new Dictionary(new Utf8(), new Int8(), 0);
const listOf = <T extends DataType>(item: T): List<T> => new List(new Field('item', item, false));

/** Columns that the sampler fills: present in every rollout, never null. */
export const SAMPLED_FIELDS = {
  /** Row of the step's prompt list; G consecutive rows share it. */
  prompt_index: new Field('prompt_index', new Int32(), false),
  /** 0 to G - 1. */
  sample: new Field('sample', new Int32(), false),
  prompt_ids: new Field('prompt_ids', listOf(new Int32()), false),
  completion_ids: new Field('completion_ids', listOf(new Int32()), false),
  /**
   * Natural log, aligned with completion_ids: of training rollouts under the law that was drawn from, of others at the sampling
   * temperature over the full vocabulary.
   */
  logps: new Field('logps', listOf(new Float32()), false),
  entropies: new Field('entropies', listOf(new Float32()), false),
  /** stop, length or cancelled. */
  finish: new Field('finish', finishType, false),
  /** Optimizer steps the weights had seen. */
  policy_step: new Field('policy_step', new Int32(), false),
} as const satisfies Record<string, Field>;

/** Of training rollouts drawn with top-k, top-p or min-p: see docs/decoding.md. */
export const KEPT_FIELDS = {
  /** Of how many ids each token was drawn; aligned with completion_ids. */
  kept_counts: new Field('kept_counts', listOf(new Int32()), false),
  /** These ids, those of one token ascending, those of the next behind them. */
  kept_ids: new Field('kept_ids', listOf(new Int32()), false),
} as const satisfies Record<string, Field>;

/** Of each completion, what an update multiplies: added before a step. */
export const ADVANTAGE_FIELD = new Field('advantage', new Float32(), true);

/** The frozen reference's log-probabilities, aligned with completion_ids: in memory only, where beta is not 0. */
export const REFERENCE_FIELD = new Field('ref_logps', listOf(new Float32()), false);

/** Marks a file as a rollout, and of which layout. */
const SCHEMA_METADATA = new Map([['glossa.rollout', '2']]);

export const rolloutSchema = (added: readonly Field[] = []): Schema =>
  new Schema([...Object.values(SAMPLED_FIELDS), ...added], SCHEMA_METADATA);
