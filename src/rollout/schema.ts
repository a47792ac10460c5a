import { Bool, Dictionary, Field, Float32, Int32, Int8, List, Schema, Utf8, type DataType } from 'apache-arrow';
import { FINISH } from '../engine/types.js';

/** The names of `finish` in the order of its codes. */
export const FINISH_NAMES: readonly string[] = FINISH;

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
  /** Natural log, at the sampling temperature, full vocabulary; aligned with completion_ids. */
  logps: new Field('logps', listOf(new Float32()), false),
  entropies: new Field('entropies', listOf(new Float32()), false),
  /** stop, length or cancelled. */
  finish: new Field('finish', finishType, false),
  /** Optimizer steps the weights had seen. */
  policy_step: new Field('policy_step', new Int32(), false),
} as const satisfies Record<string, Field>;

/** Columns that TypeScript adds, in this order, each where it is given: null where there is none or nobody could judge. */
export const ADDED_FIELDS = {
  /** Of the problem. Parallel problems in several languages share it. */
  id: new Field('id', new Utf8(), true),
  /** Held-out suite; null of training problems. */
  suite: new Field('suite', new Utf8(), true),
  /** That the problem was read from. */
  file: new Field('file', new Utf8(), true),
  /** Of the prompt. */
  language: new Field('language', new Utf8(), true),
  question: new Field('question', new Utf8(), true),
  gold: new Field('gold', new Utf8(), true),
  /** `completion_ids` as text. */
  completion: new Field('completion', new Utf8(), true),
  /** The final answer found in the completion. */
  answer: new Field('answer', new Utf8(), true),
  /** The verdict: whether `answer` is `gold`. */
  correct: new Field('correct', new Bool(), true),
  reward: new Field('reward', new Float32(), true),
  advantage: new Field('advantage', new Float32(), true),
  /** Share of the words before the first run of three in another language; null: never. */
  first_switch: new Field('first_switch', new Float32(), true),
  switches: new Field('switches', new Int32(), true),
  /** No line is in a wrong language. */
  line_pass: new Field('line_pass', new Bool(), true),
  /** No word is stray English. */
  word_pass: new Field('word_pass', new Bool(), true),
} as const satisfies Record<string, Field>;

/** `reward.<name>`: one configured reward, unweighted. */
export const rewardField = (name: string): Field<Float32> => new Field(`reward.${name}`, new Float32(), true);

/** `words.<lang>`: words of that language in the completion. */
export const wordsField = (language: string): Field<Int32> => new Field(`words.${language}`, new Int32(), true);

/** Marks a file as a rollout, and of which layout. */
export const SCHEMA_METADATA = new Map([['glossa.rollout', '2']]);

export const rolloutSchema = (added: readonly Field[] = []): Schema =>
  new Schema([...Object.values(SAMPLED_FIELDS), ...added], SCHEMA_METADATA);
