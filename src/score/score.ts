import { defined } from '../base/defined.js';
import type { Row } from '../data/index.js';
import type { Language } from '../language/index.js';
import type { AnswerMode } from '../answer/index.js';
import { createGrader, type GradedCompletion, type UngradedCompletion } from '../reward/index.js';
import { readCompletion, type GivenCompletion, type ScoreFields } from './completion.js';
import { scoreOf, type Score } from './totals.js';

/** Rows graded together: enough for the threads, few enough that output follows input closely. */
const BATCH = 1024;
const BATCH_CHARACTERS = 8_000_000;

/** One row's score, or why it has none. */
export type ScoredRow = { row: Row } & (
  { score: Score; /** Of a verifier that is a module. */ errors: GradedCompletion['errors'] } | { reason: string }
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
}

function ungraded(
  { completion, gold, question = '', language, finish = 'stop' }: GivenCompletion,
  verifier: string | undefined,
): UngradedCompletion {
  // Without a gold answer there is nothing to ask a module.
  const asked = gold === undefined ? {} : defined({ verifier });
  return { problem: { id: '', question, answer: gold ?? '', language, ...asked }, completion, finish };
}

/** Scores rows, in input order. Grading and measuring run in threads; a batch at a time is held. */
export async function* scoreRows(
  rows: AsyncIterable<Row>,
  fields: ScoreFields,
  language: Language | undefined,
  { answer = 'flexible', verifier }: Judging = {},
): AsyncGenerator<ScoredRow> {
  const grader = await createGrader([{ name: 'accuracy', weight: 1 }], { answer, verifiers: [verifier] });
  try {
    let batch: Read[] = [];
    let characters = 0;
    for await (const row of rows) {
      const given = 'value' in row ? readCompletion(row.value, fields, language) : { reason: row.reason };
      batch.push({ row, given });
      if (!('reason' in given)) characters += given.completion.length;
      if (batch.length < BATCH && characters < BATCH_CHARACTERS) continue;
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
      batch.flatMap(({ given }) => ('reason' in given ? [] : [ungraded(given, verifier)])),
    );
    let next = 0;
    for (const { row, given } of batch) {
      if ('reason' in given) yield { row, reason: given.reason };
      else {
        const grade = graded[next++]!;
        yield { row, score: scoreOf(given, grade), errors: grade.errors };
      }
    }
  }
}
