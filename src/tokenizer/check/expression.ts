import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { GlossaError } from '../../base/error.js';
import { invalid } from '../tokenizer_file.js';

const LONGEST = 1 << 16;
const SECONDS = 10;
/** What runaway expressions are usually about, and a last character that does not fit. */
const PUMPS = [
  ...['a', 'A', 'aA', 'é', 'e\u0301', '가', '字', '1', ' ', '\n', ' \n', '\t', '.', '-', '_', '<', "'", 'a ', 'a1'],
  'a.',
];

/**
 * The expression machine of the library gives up after a number of steps, and then ends the process. Expressions that repeat
 * something which itself repeats, or has alternatives, may come to that at a line of text; whether they do is tried in a process
 * of its own. Those of published tokenizers hold no such thing.
 *
 * @throws GlossaError TOKENIZER_INVALID, TOKENIZER_UNSUPPORTED.
 */
export async function checkExpression(given: unknown, place: string, path: string): Promise<void> {
  if (typeof given !== 'string') throw invalid(path, `: ${place} is not a text`);
  if (given.length > LONGEST) throw invalid(path, `: ${place} has ${String(given.length)} characters`);
  if (!repeatsRepetition(given)) return;
  const texts = PUMPS.flatMap((pump) => ['', '\u0001', '!', '0', 'z'].map((end) => pump.repeat(64) + end));
  const script = `
    const { Tokenizer } = require(process.argv[1]);
    const split = { type: 'Split', pattern: { Regex: process.argv[2] }, behavior: 'Isolated', invert: false };
    const model = { type: 'WordLevel', vocab: { a: 0 }, unk_token: 'a' };
    const tokenizer = Tokenizer.fromString(
      JSON.stringify({ version: '1.0', added_tokens: [], pre_tokenizer: split, model }),
    );
    tokenizer.encodeBatch(${JSON.stringify(texts)}).catch(() => process.exit(1));`;
  const library = createRequire(import.meta.url).resolve('tokenizers');
  try {
    await promisify(execFile)(process.execPath, ['-e', script, library, given], { timeout: SECONDS * 1e3 });
  } catch (cause) {
    throw new GlossaError('TOKENIZER_UNSUPPORTED', `${path}: ${place} does not come to an end on some short texts`, {
      hint: 'an expression like (a+)+ tries every way to split a text; write it without one repetition inside another',
      cause,
    });
  }
}

/** Whether a group is repeated without bound that holds an unbounded repetition, or alternatives. */
function repeatsRepetition(expression: string): boolean {
  const open = [{ ambiguous: false }];
  for (let i = 0; i < expression.length; i++) {
    const letter = expression[i]!;
    if (letter === '\\') i++;
    else if (letter === '[') i = endOfClass(expression, i);
    else if (letter === '(') open.push({ ambiguous: false });
    else if (letter === '|') open.at(-1)!.ambiguous = true;
    else if (isUnbounded(expression, i)) open.at(-1)!.ambiguous = true;
    else if (letter === ')') {
      const inner = open.length > 1 ? open.pop()! : open[0]!;
      if (inner.ambiguous && isUnbounded(expression, i + 1)) return true;
      open.at(-1)!.ambiguous ||= inner.ambiguous;
    }
  }
  return false;
}

/** `*`, `+`, `{3,}` at this place. */
function isUnbounded(expression: string, at: number): boolean {
  return '*+'.includes(expression[at] ?? ' ') || /^\{\d*,\}/.test(expression.slice(at, at + 12));
}

/** The closing bracket of a class, which may hold others. */
function endOfClass(expression: string, start: number): number {
  let depth = 0;
  for (let i = start; i < expression.length; i++) {
    if (expression[i] === '\\') i++;
    else if (expression[i] === '[') depth++;
    else if (expression[i] === ']' && --depth === 0) return i;
  }
  return expression.length;
}
