import { exactText, fieldOf, InexactNumber, InvalidText } from '../data/index.js';
import { FINISH, type Finish } from '../engine/types.js';
import { LANGUAGES, type Language } from '../language/index.js';

/** Names of the fields of a file of completions; the first that a row has is read. */
export interface ScoreFields {
  prediction: readonly string[];
  gold: readonly string[];
  language: readonly string[];
  /** How the completion ended. */
  finish: readonly string[];
  /** What was asked: words copied from it are no reasoning. */
  question: readonly string[];
}
export const DEFAULT_SCORE_FIELDS: ScoreFields = {
  prediction: ['prediction', 'completion'],
  gold: ['gold', 'answer'],
  language: ['lang', 'language'],
  finish: ['finish', 'finish_reason'],
  question: ['question'],
};

/** Fields that say what a row is about, taken over into its score so that scores can be joined with other tables. */
export const ORIGIN_FIELDS = ['id', 'suite', 'file', 'sample'] as const;
export type Origin = Partial<Record<(typeof ORIGIN_FIELDS)[number], string | number>>;

/** A completion to be scored; without a gold answer it is measured only. */
export interface GivenCompletion {
  origin: Origin;
  completion: string;
  gold: string | undefined;
  /** Undefined: the row has none that is text. */
  question: string | undefined;
  language: Language;
  /** Undefined: the row does not say, and is taken for finished. */
  finish: Finish | undefined;
  /** The whole row. */
  record: Readonly<Record<string, unknown>>;
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
  if (typeof completion !== 'string') return { reason: `the completion is ${typeName(completion)}, expected text` };

  const gold = firstOf(record, fields.gold);
  const answer = gold === undefined ? undefined : answerText(gold);
  if (typeof answer === 'object') return { reason: `the gold answer is ${answer.reason}` };
  const language = firstOf(record, fields.language) ?? fallback;
  if (language === undefined) return { reason: `no field ${either(fields.language)}; give --lang for rows without` };
  if (!(LANGUAGES as readonly unknown[]).includes(language)) {
    return { reason: `language ${shown(language)}, expected one of ${LANGUAGES.join(', ')}` };
  }
  const finish = firstOf(record, fields.finish);
  if (finish !== undefined && !(FINISH as readonly unknown[]).includes(finish)) {
    return { reason: `the finish is ${shown(finish)}, expected ${FINISH.join(', ')}` };
  }
  const question = firstOf(record, fields.question);
  return {
    origin: originOf(record),
    completion,
    gold: answer,
    question: typeof question === 'string' ? question : undefined,
    language: language as Language,
    finish: finish as Finish | undefined,
    record,
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
  for (const name of names) {
    const value = fieldOf(record, name);
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

/** A gold answer as text, a number exactly. */
function answerText(gold: unknown): string | { reason: string } {
  if (typeof gold === 'string') return gold;
  if (typeof gold === 'number' || typeof gold === 'bigint' || gold instanceof InexactNumber) return exactText(gold);
  return { reason: `${typeName(gold)}, expected text or a number` };
}

function typeName(value: unknown): string {
  if (value instanceof InvalidText) return 'text with invalid UTF-8';
  return typeof value === 'bigint' || value instanceof InexactNumber ? 'number' : typeof value;
}

/** A value in a message. Whole numbers of 64 bits are no JSON. */
function shown(value: unknown): string {
  return typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? typeName(value));
}

function either(names: readonly string[], word = 'or'): string {
  const shown = names.slice(0, 8).map((name) => JSON.stringify(name.slice(0, 40)));
  return shown.length === 0 ? 'no fields' : shown.join(shown.length === 2 ? ` ${word} ` : ', ');
}
