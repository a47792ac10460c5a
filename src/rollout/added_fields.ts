import { Bool, Field, Float32, Int32, Utf8 } from 'apache-arrow';
import { ADVANTAGE_FIELD } from '../engine/index.js';

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
  /** What a lever has put into the prompt; null: nothing. */
  hint: new Field('hint', new Utf8(), true),
  gold: new Field('gold', new Utf8(), true),
  /** What decides whether an answer is right: a verifier of glossa, or the path of a module. */
  verifier: new Field('verifier', new Utf8(), true),
  /** `completion_ids` as text. */
  completion: new Field('completion', new Utf8(), true),
  /** The final answer found in the completion. */
  answer: new Field('answer', new Utf8(), true),
  /** The verdict: whether `answer` is `gold`. */
  correct: new Field('correct', new Bool(), true),
  reward: new Field('reward', new Float32(), true),
  advantage: ADVANTAGE_FIELD,
  /** Share of the words before the first run of three in another language; null: never. */
  first_switch: new Field('first_switch', new Float32(), true),
  switches: new Field('switches', new Int32(), true),
  /** No line is in a wrong language. */
  line_pass: new Field('line_pass', new Bool(), true),
  /** No word is stray English. */
  word_pass: new Field('word_pass', new Bool(), true),
  /** Words before the final answer that are counted as reasoning; of these the target's, and English. */
  reasoning_words: new Field('reasoning_words', new Int32(), true),
  reasoning_words_target: new Field('reasoning_words_target', new Int32(), true),
  reasoning_words_en: new Field('reasoning_words_en', new Int32(), true),
  /** Words from the final answer on. */
  words_after_answer: new Field('words_after_answer', new Int32(), true),
  /** Words in a stretch of three that stood before in the completion. */
  words_repeated: new Field('words_repeated', new Int32(), true),
  /** Words before the final answer in a stretch of three of the question. */
  words_copied: new Field('words_copied', new Int32(), true),
  /** Words in mathematics, code, tags or addresses. */
  words_in_markup: new Field('words_in_markup', new Int32(), true),
} as const satisfies Record<string, Field>;

/** `reward.<name>`: one configured reward, unweighted. */
export const rewardField = (name: string): Field<Float32> => new Field(`reward.${name}`, new Float32(), true);

/** `words.<lang>`: words of that language in the completion. */
export const wordsField = (language: string): Field<Int32> => new Field(`words.${language}`, new Int32(), true);
