import {
  Field,
  Int32,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { joined, toRagged } from '../base/ragged.js';
import { flatColumn, listColumn } from '../base/arrow.js';
import { SAMPLED_FIELDS } from '../engine/index.js';
import { parquetFile } from '../rollout/index.js';
import type { ScoredSequence } from './types.js';

/** One JSON object a line: line, id (where the row has one), prompt_ids, completion_ids, logps, entropies and their sum logp. */
export async function* jsonLines(batches: AsyncIterable<readonly ScoredSequence[]>): AsyncGenerator<string> {
  for await (const batch of batches) {
    yield batch
      .map(({ line, id, promptIds, completionIds, logps, entropies }) =>
        JSON.stringify({
          line,
          ...(id !== undefined && { id }),
          prompt_ids: promptIds,
          completion_ids: completionIds,
          logps: Array.from(logps),
          entropies: Array.from(entropies),
          logp: logps.reduce((sum, logp) => sum + logp, 0),
        }),
      )
      .map((line) => `${line}\n`)
      .join('');
  }
}

const { prompt_ids, completion_ids, logps, entropies } = SAMPLED_FIELDS;
const LINE = new Field('line', new Int32(), false);
const ID = new Field('id', new Utf8(), true);
const SCHEMA = new Schema([LINE, ID, prompt_ids, completion_ids, logps, entropies]);

/** A Parquet file with the columns of {@link jsonLines}, but the sum; lists as in a rollout. */
export function logprobParquet(batches: AsyncIterable<readonly ScoredSequence[]>): AsyncGenerator<Uint8Array> {
  return parquetFile(SCHEMA, recordBatches(batches));
}

/** The same as an Arrow IPC file. */
export async function* arrowFile(batches: AsyncIterable<readonly ScoredSequence[]>): AsyncGenerator<Uint8Array> {
  const writer = new RecordBatchFileWriter();
  let left = false; // the reader of this generator, before the end
  let failure: { error: unknown } | undefined;
  const write = async () => {
    try {
      for await (const batch of recordBatches(batches)) {
        if (left) break;
        writer.write(batch);
      }
    } catch (error) {
      failure = { error };
    }
    writer.finish();
  };
  // The writer's own way of ending with an error leaves a promise that nobody handles.
  const written = write();
  try {
    yield* writer;
  } finally {
    left = true;
    await written;
  }
  if (failure !== undefined) throw failure.error;
}

async function* recordBatches(batches: AsyncIterable<readonly ScoredSequence[]>): AsyncGenerator<RecordBatch> {
  for await (const batch of batches) {
    const prompts = toRagged(batch.map((each) => each.promptIds));
    const completions = toRagged(batch.map((each) => each.completionIds));
    const children = [
      flatColumn(
        LINE,
        Int32Array.from(batch, ({ line }) => line),
      ),
      vectorFromArray(
        batch.map(({ id }) => id ?? null),
        ID.type,
      ).data[0]!,
      listColumn(prompt_ids, prompts.offsets, prompts.ids),
      listColumn(completion_ids, completions.offsets, completions.ids),
      listColumn(
        logps,
        completions.offsets,
        joined(
          batch.map((each) => each.logps),
          Float32Array,
        ),
      ),
      listColumn(
        entropies,
        completions.offsets,
        joined(
          batch.map((each) => each.entropies),
          Float32Array,
        ),
      ),
    ];
    yield new RecordBatch(
      SCHEMA,
      makeData({ type: new Struct(SCHEMA.fields), length: batch.length, nullCount: 0, children }),
    );
  }
}
