import type { Row } from '../data/index.js';
import type { Language } from '../language/index.js';
import type { AnswerMode } from '../answer/index.js';
import { createGrader, type UngradedCompletion } from '../reward/index.js';
import { readCompletion, type GivenCompletion, type ScoreFields } from './completion.js';
import { scoreOf, type Score } from './totals.js';

/** Rows graded together: enough for the threads, few enough that output follows input closely. */
const BATCH = 1024;
const BATCH_CHARACTERS = 8_000_000;

/** One row's score, or why it has none. */
export type ScoredRow = { row: Row } & ({ score: Score } | { reason: string });

interface Read {
  row: Row;
  given: GivenCompletion | { reason: string };
}

function ungraded({ completion, gold = '', language, finish = 'stop' }: GivenCompletion): UngradedCompletion {
  return { problem: { id: '', question: '', answer: gold, language }, completion, finish };
}

/** Scores rows, in input order. Grading and measuring run in threads; a batch at a time is held. */
export async function* scoreRows(
  rows: AsyncIterable<Row>,
  fields: ScoreFields,
  language: Language | undefined,
  answer: AnswerMode = 'flexible',
): AsyncGenerator<ScoredRow> {
  const grader = await createGrader([{ name: 'accuracy', weight: 1 }], { answer });
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
    const graded = await grader.grade(batch.flatMap(({ given }) => ('reason' in given ? [] : [ungraded(given)])));
    let next = 0;
    for (const { row, given } of batch) {
      if ('reason' in given) yield { row, reason: given.reason };
      else yield { row, score: scoreOf(given, graded[next++]!) };
    }
  }
}
