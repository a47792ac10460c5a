import { defined } from '../base/defined.js';
import { InexactNumber } from './exact.js';
import { fieldOf } from './field.js';
import { InvalidText } from './invalid_text.js';
import { plainRow } from './plain_row.js';
import { languageHint } from '../language/find.js';
import { LANGUAGES, type Language } from '../language/types.js';
import type { DataSetSettings, Problem } from './types.js';

/** A row's problem; or why it is not one; or, where it is of a language not asked for, `other`. */
export type RowResult = { kind: 'problem'; problem: Problem } | { kind: 'bad'; reason: string } | { kind: 'other' };

const DEFAULT_FIELDS = {
  id: 'id',
  question: 'question',
  answer: 'answer',
  language: 'lang',
  solution: 'solution',
} as const;

/** The file's names of our fields: those given, else the defaults. */
export function fieldNames(given: DataSetSettings['fields']): Record<keyof typeof DEFAULT_FIELDS, string> {
  return { ...DEFAULT_FIELDS, ...defined(given ?? {}) };
}

/**
 * Reads a problem from a row of a file. Question and answer must be there; text must not be empty nor hold half a surrogate pair;
 * an answer (and an id) may be a number, which becomes text as JSON would write it. Where the file has no id field, `fallbackId`
 * is the id; where it has no language field, the language of the settings is the language, and where it has one, only rows
 * of that language are taken.
 */
export function readProblem(row: unknown, settings: DataSetSettings, fallbackId: string): RowResult {
  if (typeof row !== 'object' || row === null || Array.isArray(row))
    return bad(`expected an object, found ${kindOf(row)}`);
  const fields = fieldNames(settings.fields);
  const record = row as Record<string, unknown>;
  try {
    const language = readLanguage(record, fields.language, settings.language);
    if (language === null) return { kind: 'other' };
    const problem: Problem = {
      id: readText(record, fields.id, { optional: settings.fields?.id === undefined, number: true }) ?? fallbackId,
      question: readText(record, fields.question)!,
      answer: readText(record, fields.answer, { number: true })!,
      language,
      solution:
        settings.fields?.solution === undefined
          ? ifText(fieldOf(record, fields.solution))
          : readText(record, fields.solution, { optional: true }),
      source: ifText(fieldOf(record, 'source')),
      ...(settings.verifier !== undefined && { verifier: settings.verifier }),
      ...(settings.rows && { row: plainRow(record) }),
    };
    return { kind: 'problem', problem };
  } catch (error) {
    if (error instanceof BadField) return bad(error.message);
    throw error;
  }
}

class BadField extends Error {}

function readLanguage(record: Record<string, unknown>, field: string, asked: Language | undefined): Language | null {
  const value = readText(record, field, { optional: asked !== undefined });
  if (value === undefined) return asked!;
  if (asked !== undefined) return value === asked ? asked : null;
  if ((LANGUAGES as readonly string[]).includes(value)) return value as Language;
  throw new BadField(
    `field "${field}" is ${JSON.stringify(value)}, expected one of ${LANGUAGES.join(', ')}${languageHint(value)}`,
  );
}

function readText(
  record: Record<string, unknown>,
  field: string,
  { optional = false, number = false }: { optional?: boolean; number?: boolean } = {},
): string | undefined {
  const value = fieldOf(record, field);
  if (value === undefined || value === null) {
    if (optional) return undefined;
    const state = value === null ? 'is null' : 'is missing';
    throw new BadField(`field "${field}" ${state}; the row has ${listed(Object.keys(record))}`);
  }
  if (value instanceof InvalidText) throw new BadField(`field "${field}" has invalid UTF-8 at byte ${value.invalidAt}`);
  if (number && (typeof value === 'number' || typeof value === 'bigint' || value instanceof InexactNumber))
    return numberText(value, field);
  if (typeof value !== 'string') {
    throw new BadField(`field "${field}" is ${kindOf(value)}, expected text${number ? ' or a number' : ''}`);
  }
  if (/\p{Surrogate}/u.test(value))
    throw new BadField(`field "${field}" holds half of a surrogate pair (\\ud800 to \\udfff)`);
  if (!optional && value.trim() === '') throw new BadField(`field "${field}" is empty`);
  return value;
}

/** A field nobody asked for is taken where it happens to be text. */
function ifText(value: unknown): string | undefined {
  return typeof value === 'string' && !/\p{Surrogate}/u.test(value) ? value : undefined;
}

function numberText(value: number | bigint | InexactNumber, field: string): string {
  const text = exactText(value);
  if (typeof text === 'string') return text;
  throw new BadField(`field "${field}" is ${text.reason}`);
}

/** A number as text, or why it has none that is exact. */
export function exactText(value: number | bigint | InexactNumber): string | { reason: string } {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof InexactNumber)
    return { reason: `the number ${value.digits.slice(0, 40)}, too large to be read exactly; write it as text` };
  if (!Number.isFinite(value)) return { reason: `${value}, expected a finite number` };
  if (Number.isSafeInteger(value) || !Number.isInteger(value)) return String(value);
  return { reason: 'a number too large to be read exactly; write it as text' };
}

function bad(reason: string): RowResult {
  return { kind: 'bad', reason };
}

/** What a value is, in words. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value instanceof InvalidText) return 'text with invalid UTF-8';
  if (value instanceof InexactNumber || typeof value === 'bigint') return 'a number';
  if (Array.isArray(value)) return 'a list';
  return (
    { string: 'text', number: 'a number', boolean: 'true or false', object: 'an object' }[typeof value as 'string'] ??
    typeof value
  );
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 12).map((name) => JSON.stringify(name.slice(0, 40)));
  return shown.length === 0 ? 'no fields' : shown.join(', ') + (names.length > shown.length ? ', ...' : '');
}
