import { GlossaError } from '../base/error.js';
import type { DataSource, SftSettings } from '../config/index.js';
import { openRows, rowPlace } from '../data/index.js';
import type { PromptSettings } from '../prompt/index.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { askedIn, type Asked } from './asked.js';
import { BadRow, exampleOf, readLearntIds, type Example, type ExampleContext } from './example.js';

/** A file of examples as it was read. */
export interface ExampleSet {
  examples: Example[];
  /** What the row of each asks. */
  asked: Asked[];
  path: string;
  weight: NonNullable<DataSource['weight']>;
  /** Rows that are no examples, and the reason of the first. */
  skipped: { count: number; first?: string };
  /** Examples above max_length: left out, or cut there. */
  long: { skipped: number; truncated: number };
}

export interface ExampleSettings {
  path: string;
  /** Read one after the other. Default: `path`. */
  files?: readonly string[];
  source: Pick<DataSource, 'fields' | 'language' | 'limit' | 'on_bad_row' | 'weight'>;
  sft: SftSettings;
  tokenizer: Tokenizer;
  prompt: PromptSettings;
  /** Of the model. */
  context: number;
}

/**
 * Reads the examples of a set, in the order of its files, at most `limit` of them.
 *
 * @throws GlossaError DATA_BAD_ROW, EXAMPLE_TOO_LONG, PROMPT_SPANS, PROMPT_TEMPLATE, TOKENIZER_TEXT with the row's place;
 *   DATA_EMPTY; CONFIG_BUDGET where max_length is beyond the context; those of openRows.
 */
export async function loadExamples(settings: ExampleSettings): Promise<ExampleSet> {
  const { path, source, sft, tokenizer, prompt } = settings;
  const most = longest(settings);
  const context: ExampleContext = { tokenizer, prompt, loss: sft, source };
  const set: ExampleSet = {
    ...{ examples: [], asked: [], path, weight: source.weight ?? 1 },
    ...{ skipped: { count: 0 }, long: { skipped: 0, truncated: 0 } },
  };
  let others = 0;
  files: for (const file of settings.files ?? [path]) {
    for await (const row of openRows(file, [])) {
      if (set.examples.length >= (source.limit ?? Infinity)) break files;
      try {
        if (!('value' in row)) throw new BadRow(row.reason);
        const read = await readLearntIds(row.value, context);
        if (read === null) {
          others++;
          continue;
        }
        const example = fitted(read, most, sft, set);
        if (example === 'left out') continue;
        const made = exampleOf(example, read.language);
        if (made === undefined) throw new BadRow('no token of it has loss');
        set.examples.push(made);
        set.asked.push(askedIn(row.value as Record<string, unknown>, source.fields));
      } catch (error) {
        const fault = placed(error, rowPlace(file, row));
        if (source.on_bad_row === 'error' || !isBad(error)) throw fault;
        set.skipped = { count: set.skipped.count + 1, first: set.skipped.first ?? fault.message };
      }
    }
  }
  if (set.examples.length === 0) throw empty(set, others);
  return set;
}

function longest({ sft, context }: ExampleSettings): number {
  const { max_length: most } = sft;
  if (most === undefined || most <= context) return most ?? context;
  throw new GlossaError(
    'CONFIG_BUDGET',
    `sft.max_length ${String(most)} is beyond the model's context of ${String(context)}`,
    { hint: `set it to ${String(context)} or less` },
  );
}

function fitted<T extends { ids: number[]; learnt: Uint8Array }>(
  read: T,
  most: number,
  { on_long_row: onLong }: SftSettings,
  { long }: ExampleSet,
): T | 'left out' {
  const { length } = read.ids;
  if (length <= most) return read;
  if (onLong === 'skip') {
    long.skipped++;
    return 'left out';
  }
  if (onLong === 'truncate') {
    const learnt = read.learnt.slice(0, most);
    if (learnt.includes(1)) {
      long.truncated++;
      return { ...read, ids: read.ids.slice(0, most), learnt };
    }
    // All that would be learnt lies behind the cut.
    long.skipped++;
    return 'left out';
  }
  throw new GlossaError('EXAMPLE_TOO_LONG', `${String(length)} tokens, and an example may have ${String(most)}`, {
    hint: 'sft.on_long_row: skip leaves such rows out, truncate cuts them; or raise sft.max_length, where the context allows it',
  });
}

/** What template and tokenizer refuse of one row, and may take of the next. */
const OF_ROW = ['PROMPT_SPANS', 'PROMPT_TEMPLATE', 'TOKENIZER_TEXT'];

/** Whether a row is bad, which on_bad_row passes over. */
const isBad = (error: unknown): boolean =>
  error instanceof BadRow || (error instanceof GlossaError && OF_ROW.includes(error.code));

function placed(error: unknown, place: string): GlossaError {
  if (error instanceof BadRow)
    return new GlossaError('DATA_BAD_ROW', `${place}: ${error.message}`, {
      hint: 'mend the row, name the fields of the file under `fields` (docs/sft.md), or leave bad rows out with `on_bad_row: skip`',
    });
  if (error instanceof GlossaError && ['EXAMPLE_TOO_LONG', ...OF_ROW].includes(error.code))
    return new GlossaError(error.code, `${place}: ${error.message}`, {
      ...(error.hint !== undefined && { hint: error.hint }),
      cause: error,
    });
  throw error;
}

function empty({ path, skipped, long }: ExampleSet, others: number): GlossaError {
  const reasons = [
    ...(others > 0 ? [`${String(others)} rows are of another language`] : []),
    ...(skipped.count > 0 ? [`${String(skipped.count)} bad rows were left out, the first ${skipped.first!}`] : []),
    ...(long.skipped > 0 ? [`${String(long.skipped)} are longer than sft.max_length`] : []),
  ];
  return new GlossaError(
    'DATA_EMPTY',
    `${path} has no examples${reasons.length > 0 ? ` (${reasons.join('; ')})` : ''}`,
  );
}

/** What should be known of a set before it is learnt from. */
export function exampleRemarks({ path, skipped, long }: ExampleSet): string[] {
  return [
    ...(skipped.count > 0
      ? [`${path}: ${String(skipped.count)} bad rows were left out, the first ${skipped.first!}`]
      : []),
    ...(long.skipped > 0 ? [`${path}: ${String(long.skipped)} examples above sft.max_length were left out`] : []),
    ...(long.truncated > 0 ? [`${path}: ${String(long.truncated)} examples were cut at sft.max_length`] : []),
  ];
}
