import { FINISH, type Finish } from '../engine/types.js';
import { LANGUAGES, type Language } from '../language/index.js';

/** Names of the fields of a file of completions; the first that a row has is read. */
export interface ScoreFields {
  prediction: readonly string[];
  gold: readonly string[];
  language: readonly string[];
  /** How the completion ended. */
  finish: readonly string[];
}
export const DEFAULT_SCORE_FIELDS: ScoreFields = {
  prediction: ['prediction', 'completion'],
  gold: ['gold', 'answer'],
  language: ['lang', 'language'],
  finish: ['finish', 'finish_reason'],
};

/** Fields that say what a row is about, taken over into its score so that scores can be joined with other tables. */
export const ORIGIN_FIELDS = ['id', 'suite', 'file', 'sample'] as const;
export type Origin = Partial<Record<(typeof ORIGIN_FIELDS)[number], string | number>>;

/** A completion to be scored; without a gold answer it is measured only. */
export interface GivenCompletion {
  origin: Origin;
  completion: string;
  gold: string | undefined;
  language: Language;
  /** Undefined: the row does not say, and is taken for finished. */
  finish: Finish | undefined;
}

/** Reads a row, or says why it cannot be scored. `fallback` is the language of rows that name none. */
export function readCompletion(
  row: unknown,
  fields: ScoreFields,
  fallback: Language | undefined,
): GivenCompletion | { reason: string } {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return { reason: 'expected an object' };
  const record = row as Record<string, unknown>;

  const completion = firstOf(record, fields.prediction);
  if (completion === undefined)
    return { reason: `no field ${either(fields.prediction)}; the row has ${either(Object.keys(record), 'and')}` };
  if (typeof completion !== 'string') return { reason: `the completion is ${typeof completion}, expected text` };

  const gold = firstOf(record, fields.gold);
  if (gold !== undefined && typeof gold !== 'string' && typeof gold !== 'number' && typeof gold !== 'bigint') {
    return { reason: `the gold answer is ${typeof gold}, expected text or a number` };
  }
  const language = firstOf(record, fields.language) ?? fallback;
  if (language === undefined) return { reason: `no field ${either(fields.language)}; give --lang for rows without` };
  if (!(LANGUAGES as readonly unknown[]).includes(language)) {
    return { reason: `language ${JSON.stringify(language)}, expected one of ${LANGUAGES.join(', ')}` };
  }
  const finish = firstOf(record, fields.finish);
  if (finish !== undefined && !(FINISH as readonly unknown[]).includes(finish)) {
    return { reason: `the finish is ${JSON.stringify(finish)}, expected ${FINISH.join(', ')}` };
  }
  return {
    origin: originOf(record),
    completion,
    gold: gold === undefined ? undefined : String(gold),
    language: language as Language,
    finish: finish as Finish | undefined,
  };
}

function originOf(record: Record<string, unknown>): Origin {
  const origin: Origin = {};
  for (const name of ORIGIN_FIELDS) {
    const value = Object.hasOwn(record, name) ? record[name] : undefined;
    if (typeof value === 'string' || typeof value === 'number') origin[name] = value;
    else if (typeof value === 'bigint') origin[name] = String(value);
  }
  return origin;
}

function firstOf(record: Record<string, unknown>, names: readonly string[]): unknown {
  for (const name of names) if (Object.hasOwn(record, name) && record[name] !== null) return record[name];
  return undefined;
}

function either(names: readonly string[], word = 'or'): string {
  const shown = names.slice(0, 8).map((name) => JSON.stringify(name.slice(0, 40)));
  return shown.length === 0 ? 'no fields' : shown.join(shown.length === 2 ? ` ${word} ` : ', ');
}
