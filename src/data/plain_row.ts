import { InexactNumber } from './exact.js';
import { InvalidText } from './invalid_text.js';

/** Lists and sections inside each other; what lies deeper is null. */
const MOST_LEVELS = 100;

/**
 * A row as plain data, such as JSON holds: numbers that JavaScript cannot hold exactly are text as the file spells them, 64-bit
 * integers beyond 2^53 too, dates ISO 8601 text, bytes base64 text, text that is no UTF-8 null.
 */
export function plainRow(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return plain(row, 0) as Record<string, unknown>;
}

function plain(value: unknown, level: number): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object') return value ?? null;
  if (value === null || value instanceof InvalidText || level === MOST_LEVELS) return null;
  if (value instanceof InexactNumber) return value.digits;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map((each) => plain(each, level + 1));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each, level + 1)]));
}
