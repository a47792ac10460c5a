import { extractAnswer } from '../answer/index.js';
import type { DataSource } from '../config/index.js';
import { exactText, fieldOf } from '../data/index.js';
import { textOf, type Message } from '../prompt/index.js';

/** What a row asks, by which a held-out problem is known in it. */
export interface Asked {
  /** The row's own; undefined where it has none. */
  id: string | undefined;
  /** All that the user says as one text; then, of several turns, each. Of a text without a question: the text. */
  questions: readonly string[];
  /** The row's gold answer; where it has none, the last answer in what is learnt. */
  answer: string;
}

type Row = Record<string, unknown>;

/** What a row asks. It is a row that an example was made of. */
export function askedIn(row: Row, fields: DataSource['fields']): Asked {
  const text = (name: string): string | undefined => {
    const value = fieldOf(row, name) ?? undefined;
    if (typeof value === 'string') return value;
    const exact = typeof value === 'number' || typeof value === 'bigint' ? exactText(value) : undefined;
    return typeof exact === 'string' ? exact : undefined;
  };
  const named = [fields?.question, fields?.solution, fields?.answer].some((name) => name !== undefined);
  const others = named ? [] : [row['messages'], row['prompt'], row['text']];
  const asked = [...others, fieldOf(row, fields?.question ?? 'question')].find(
    (value) => value !== undefined && value !== null,
  );
  const said = [fieldOf(row, fields?.solution ?? 'solution'), row['completion'], row['messages']].find(
    (value) => value !== undefined && value !== null,
  );
  return {
    id: text(fields?.id ?? 'id'),
    questions: turnsOf(asked, 'user'),
    answer: text(fields?.answer ?? 'answer') ?? extractAnswer(turnsOf(said, 'assistant').at(-1) ?? '')?.text ?? '',
  };
}

/** A text; or of a chat the turns of `role`: all of them as one, then each. */
function turnsOf(value: unknown, role: string): string[] {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return [];
  const turns = (value as Message[]).filter((message) => message.role === role).map(textOf);
  return turns.length === 1 ? turns : [turns.join('\n'), ...turns];
}
