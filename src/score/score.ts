import { defined } from '../base/defined.js';
import type { Row } from '../data/index.js';
import type { Language } from '../language/index.js';
import type { AnswerMode } from '../answer/index.js';
import { createGrader, type GradedCompletion, type RewardSettings, type UngradedCompletion } from '../reward/index.js';
import { readCompletion, type GivenCompletion, type ScoreFields } from './completion.js';
import { Places } from './place.js';
import { scoreOf, type Score } from './totals.js';

/** Rows graded together: enough for the threads, few enough that output follows input closely. */
const BATCH = 1024;
const BATCH_CHARACTERS = 8_000_000;

/** One row's score, or why it has none. */
export type ScoredRow = { row: Row } & (
  { score: Score; /** Of users' functions. */ errors: GradedCompletion['errors'] } | { reason: string }
);

interface Read {
  row: Row;
  given: GivenCompletion | { reason: string };
}

/** Which answers count, and what decides whether one is right. */
export interface Judging {
  /** Default flexible. */
  answer?: AnswerMode;
  /** `number` (the default), `choice`, `mathematics`, or the path of a module. */
  verifier?: string;
  /** What is paid, beside the verdict. Default: nothing. */
  rewards?: readonly RewardSettings[];
}

/**
 * Scores rows, in input order. Grading and measuring run in threads; a batch at a time is held, or all rows, where a reward is of
 * groups or of all completions.
 *
 * Errors: those of createGrader.
 */
export async function* scoreRows(
  rows: AsyncIterable<Row>,
  fields: ScoreFields,
  language: Language | undefined,
  { answer = 'flexible', verifier, rewards = [] }: Judging = {},
): AsyncGenerator<ScoredRow> {
  const grader = await createGrader(rewards, { answer, verifiers: [verifier] });
  const places = rewards.length > 0 ? new Places() : undefined;
  try {
    let batch: Read[] = [];
    let characters = 0;
    for await (const row of rows) {
      const given = 'value' in row ? readCompletion(row.value, fields, language) : { reason: row.reason };
      batch.push({ row, given });
      if (!('reason' in given)) characters += given.completion.length;
      const full = batch.length >= BATCH || characters >= BATCH_CHARACTERS;
      if (!full || grader.calls !== 'completion') continue;
      yield* scoreBatch(batch);
      batch = [];
      characters = 0;
    }
    yield* scoreBatch(batch);
  } finally {
    await grader.close();
  }

  async function* scoreBatch(batch: readonly Read[]): AsyncGenerator<ScoredRow> {
    const graded = await grader.grade(
      batch.flatMap(({ row, given }) => ('reason' in given ? [] : [ungraded(given, row.line)])),
    );
    let next = 0;
    for (const { row, given } of batch) {
      if ('reason' in given) yield { row, reason: given.reason };
      else {
        const grade = graded[next++]!;
        yield { row, score: scoreOf(given, grade, grader.names), errors: grade.errors };
      }
    }
  }

  function ungraded(given: GivenCompletion, line: number): UngradedCompletion {
    const { completion, gold, question = '', language, finish = 'stop', record } = given;
    // Without a gold answer there is nothing to ask a module.
    const asked = { question, answer: gold ?? '', language, ...(gold !== undefined && defined({ verifier })) };
    if (places === undefined) return { problem: { id: '', ...asked }, completion, finish };
    const { id, row, ...place } = places.of(record, line, language);
    return { problem: { id, ...asked, row }, completion, finish, ...place };
  }
}
