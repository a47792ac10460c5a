import { InexactNumber } from './exact.js';
import { decodeUtf8 } from './utf8.js';

/** A value, or why there is none and the 1-based column (in characters) of the fault. */
export type ParsedLine = { value: unknown } | { reason: string; column?: number };

/** One line of JSONL. Its bytes must be UTF-8 (`offset` is where they lie in the file) and a single JSON value. */
export function parseJsonLine(bytes: Uint8Array, offset: number): ParsedLine {
  const decoded = decodeUtf8(bytes);
  if ('invalidAt' in decoded) return { reason: `invalid UTF-8 at byte ${offset + decoded.invalidAt} of the file` };
  try {
    return { value: parseExactly(decoded.text) };
  } catch {
    const { at, expected } = firstFault(decoded.text);
    const found =
      at < decoded.text.length
        ? JSON.stringify(String.fromCodePoint(decoded.text.codePointAt(at)!))
        : 'the end of the line';
    return { reason: `broken JSON: found ${found}, expected ${expected}`, column: at + 1 };
  }
}

/** Where a text stops being JSON; the engine's own messages do not always say. Without recursion: nesting may be deep. */
function firstFault(text: string): { at: number; expected: string } {
  const open: string[] = [];
  let state: 'value' | 'key' | 'colon' | 'after' | 'value or ]' | 'key or }' = 'value';
  let at = 0;
  for (;;) {
    at = match(/[ \t\r\n]*/y, text, at)!;
    const character = text[at];
    if (state === 'after') {
      const closing = open.at(-1);
      if (closing === undefined) return { at, expected: 'the end of the line' };
      if (character === ',') state = closing === '}' ? 'key' : 'value';
      else if (character === closing) open.pop();
      else return { at, expected: `"," or ${JSON.stringify(closing)}` };
      at++;
    } else if (state === 'colon') {
      if (character !== ':') return { at, expected: '":"' };
      state = 'value';
      at++;
    } else if ((state === 'value or ]' && character === ']') || (state === 'key or }' && character === '}')) {
      open.pop();
      state = 'after';
      at++;
    } else if (state.startsWith('key')) {
      const end = character === '"' ? stringEnd(text, at) : { fault: at };
      if ('fault' in end)
        return { at: end.fault, expected: character === '"' ? 'the rest of a string' : 'a key in double quotes' };
      at = end.end;
      state = 'colon';
    } else if (character === '{' || character === '[') {
      open.push(character === '{' ? '}' : ']');
      state = character === '{' ? 'key or }' : 'value or ]';
      at++;
    } else if (character === '"') {
      const end = stringEnd(text, at);
      if ('fault' in end) return { at: end.fault, expected: 'the rest of a string' };
      at = end.end;
      state = 'after';
    } else {
      const end = match(/true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y, text, at);
      if (end === null) return { at, expected: 'a value' };
      at = end;
      state = 'after';
    }
  }
}

function stringEnd(text: string, start: number): { end: number } | { fault: number } {
  const end = match(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y, text, start)!;
  return text[end] === '"' ? { end: end + 1 } : { fault: end };
}

function match(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : null;
}

/** Digits from which on a number may be more than a JavaScript number holds. */
const LONG_NUMBER = /[\d.]{16}/;
const MARK = '\ue000inexact:';

/** As JSON.parse, but numbers that would be changed by it become InexactNumber. */
function parseExactly(text: string): unknown {
  const value = JSON.parse(text) as unknown;
  if (!LONG_NUMBER.test(text)) return value;
  let inexact = false;
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) => {
    if (token.startsWith('"') || significant(token) === significant(String(Number(token)))) return token;
    inexact = true;
    return `"${MARK}${token}"`;
  });
  if (!inexact) return value;
  return JSON.parse(marked, (_, each: unknown) =>
    typeof each === 'string' && each.startsWith(MARK) ? new InexactNumber(each.slice(MARK.length)) : each,
  );
}

/** The significant digits of a number as it is spelled. */
function significant(number: string): string {
  return number
    .replace(/[eE].*/, '')
    .replace(/[-.]/g, '')
    .replace(/^0+|0+$/g, '');
}
