import { InexactNumber } from './exact.js';
import { fieldOf } from './field.js';
import { InvalidText } from './invalid_text.js';
import { plainRow } from './plain_row.js';
import { languageHint } from '../language/find.js';
import { LANGUAGES, type Language } from '../language/types.js';
import { messageFault, textOf, type Message } from '../prompt/index.js';
import { knownSuite, verifierNameOf, type ProblemField } from './suites.js';
import type { DataSetSettings, Problem } from './types.js';

/** A row's problem; or why it is not one; or, where it is of a language not asked for, `other`. */
export type RowResult = { kind: 'problem'; problem: Problem } | { kind: 'bad'; reason: string } | { kind: 'other' };

const DEFAULT_FIELDS: Record<ProblemField, readonly string[]> = {
  id: ['id'],
  question: ['question'],
  answer: ['answer'],
  language: ['lang'],
  solution: ['solution'],
  level: ['level'],
};
/** Fields of a chat, where a row has no question. */
const CHAT_FIELDS = ['messages', 'prompt'];

/** The file's names of our fields, the first that a row has: those given, else the suite's, else the defaults. */
function fieldNames({ fields = {}, suite }: Pick<DataSetSettings, 'fields' | 'suite'>): typeof DEFAULT_FIELDS {
  const names = { ...DEFAULT_FIELDS, ...knownSuite(suite)?.fields };
  for (const field of Object.keys(names) as ProblemField[]) {
    const given = fields[field];
    if (given !== undefined) names[field] = [given];
  }
  return names;
}

/** Every column of a file that a problem may be made of. */
export function fieldColumns(settings: Pick<DataSetSettings, 'fields' | 'suite'>): string[] {
  return [...Object.values(fieldNames(settings)).flat(), ...optionFields(settings), ...CHAT_FIELDS, 'source'];
}

const optionFields = ({ fields, suite }: Pick<DataSetSettings, 'fields' | 'suite'>): readonly string[] =>
  fields?.options ?? knownSuite(suite)?.options ?? [];

/**
 * Reads a problem from a row of a file. Question and answer must be there; text must not be empty nor hold half a surrogate pair;
 * an answer (and an id) may be a number, which becomes text as JSON would write it. In the place of a question there may be a
 * chat. Where the file has no id field, `fallbackId` is the id; where it has no language field, the language of the settings is
 * the language, and where it has one, only rows of that language are taken.
 */
export function readProblem(row: unknown, settings: DataSetSettings, fallbackId: string): RowResult {
  if (typeof row !== 'object' || row === null || Array.isArray(row))
    return bad(`expected an object, found ${kindOf(row)}`);
  const fields = fieldNames(settings);
  const record = row as Record<string, unknown>;
  try {
    const language = readLanguage(record, fields.language, settings);
    if (language === null) return { kind: 'other' };
    const verifier = verifierNameOf(settings);
    const problem: Problem = {
      id: readText(record, fields.id, { optional: settings.fields?.id === undefined, number: true }) ?? fallbackId,
      ...readQuestion(record, fields.question, settings),
      answer: readText(record, fields.answer, { number: true })!,
      language,
      solution:
        settings.fields?.solution === undefined
          ? ifText(valueOf(record, fields.solution))
          : readText(record, fields.solution, { optional: true }),
      source: ifText(fieldOf(record, 'source')),
      ...readLevel(record, fields.level, settings),
      ...(verifier !== undefined && { verifier }),
      ...(settings.rows && { row: plainRow(record) }),
    };
    return { kind: 'problem', problem };
  } catch (error) {
    if (error instanceof BadField) return bad(error.message);
    throw error;
  }
}

/** A question, with its options below it, in the format that is asked for; or a chat, which has a format of its own. */
function readQuestion(
  record: Record<string, unknown>,
  fields: readonly string[],
  settings: DataSetSettings,
): Pick<Problem, 'question' | 'messages' | 'options'> {
  const chat = [valueOf(record, fields), ...CHAT_FIELDS.map((field) => fieldOf(record, field))].find(
    (value) => value !== undefined && value !== null,
  );
  if (Array.isArray(chat)) return readChat(chat);
  const format = settings.format ?? knownSuite(settings.suite)?.format ?? '{question}';
  const question = readText(record, fields)!;
  const names = optionFields(settings);
  if (names.every((name) => fieldOf(record, name) === undefined))
    return { question: format.replaceAll('{question}', () => question) };
  const options = names.map((name, i) => `${OPTION_LETTERS[i]!}. ${readText(record, [name], { number: true })!}`);
  const whole = [question, ...options].join('\n');
  return { question: format.replaceAll('{question}', () => whole), options: options.length };
}

/** What options are called. */
export const OPTION_LETTERS = 'ABCDEFGHIJ';

function readChat(chat: readonly unknown[]): Pick<Problem, 'question' | 'messages'> {
  const fault = messageFault(chat);
  if (fault !== undefined) throw new BadField(fault);
  const messages = chat as Message[];
  const last = messages.at(-1);
  if (last === undefined || last.role === 'assistant')
    throw new BadField(`the chat ends with ${last ? "the assistant's turn" : 'nothing'}, expected one of the user`);
  const said = messages.findLast(({ role }) => role === 'user') ?? last;
  const question = textOf(said);
  if (question.trim() === '') throw new BadField('the user says nothing in this chat');
  return { question, messages };
}

/** Asked for, it must be there; else it is taken where it happens to be text or a number. */
function readLevel(
  record: Record<string, unknown>,
  fields: readonly string[],
  { levels, fields: given }: DataSetSettings,
): Pick<Problem, 'level'> {
  if (levels !== undefined || given?.level !== undefined) return { level: readText(record, fields, { number: true })! };
  const value = valueOf(record, fields);
  const text = typeof value === 'number' || typeof value === 'bigint' ? exactText(value) : ifText(value);
  return typeof text === 'string' ? { level: text } : {};
}

class BadField extends Error {}

function readLanguage(
  record: Record<string, unknown>,
  fields: readonly string[],
  { language: asked, fallbackLanguage, suite }: DataSetSettings,
): Language | null {
  const fallback = asked ?? fallbackLanguage ?? knownSuite(suite)?.language;
  const value = readText(record, fields, { optional: fallback !== undefined });
  if (value === undefined) return fallback!;
  if (asked !== undefined) return value === asked ? asked : null;
  if ((LANGUAGES as readonly string[]).includes(value)) return value as Language;
  throw new BadField(
    `field "${fields[0]!}" is ${JSON.stringify(value)}, expected one of ${LANGUAGES.join(', ')}${languageHint(value)}`,
  );
}

/** Of the first of these fields that the row has. */
function valueOf(record: Record<string, unknown>, fields: readonly string[]): unknown {
  for (const field of fields) {
    const value = fieldOf(record, field);
    if (value !== undefined && value !== null) return value;
  }
  return fieldOf(record, fields[0]!);
}

function readText(
  record: Record<string, unknown>,
  fields: readonly string[],
  { optional = false, number = false }: { optional?: boolean; number?: boolean } = {},
): string | undefined {
  const value = valueOf(record, fields);
  const field = fields[0]!;
  if (value === undefined || value === null) {
    if (optional) return undefined;
    const state = value === null ? 'is null' : 'is missing';
    const others = fields.length > 1 ? ` (as are ${listed(fields.slice(1))})` : '';
    throw new BadField(`field "${field}" ${state}${others}; the row has ${listed(Object.keys(record))}`);
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
