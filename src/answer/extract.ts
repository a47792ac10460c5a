import type { Finish } from '../engine/types.js';
import { foldDigits } from './digits.js';
import { findNumbers, type NumberLiteral } from './number.js';
import { decimal, divide, equal, type Rational } from './rational.js';

/** Characters of a `####` line, of a boxed answer and of a gold answer that are read; what is longer is not a number. */
const ANSWER_LIMIT = 2000;
/** How far back from the end the last number is looked for. */
const LAST_NUMBER_WINDOWS = [2_000, 200_000];

export interface Answer {
  /** Where it was found. */
  from: '####' | 'boxed' | 'last number';
  /** Null where the place holds no number, such as \boxed{x + 1}. */
  value: Rational | null;
  percent: boolean;
  /** What stands there. */
  text: string;
}

export interface JudgeOptions {
  /** strict: marked answers alone (`####`, box); flexible, the default: without one, the last number of a finished text. */
  answer?: AnswerMode | undefined;
  /** How the completion ended; one that was cut off has only marked answers. Default stop. */
  finish?: Finish | undefined;
}

export const ANSWER_MODES = ['flexible', 'strict'] as const;
export type AnswerMode = (typeof ANSWER_MODES)[number];

/** A verdict: null where the gold answer is not a number; `answer` is the text it rests on, null where there was none. */
export interface Verdict {
  correct: boolean | null;
  answer: string | null;
}

/**
 * Whether a completion's final answer is the number `gold`, exactly: both are read as rational numbers, never as floats, so
 * 0.5 is 1/2 and 0.333 is not 1/3. Null where the gold answer itself is not a number. The answer is taken from the last `####`
 * line, else from the last `\boxed{}`, else it is the last number of the text; see extractAnswer. A percent sign is dropped,
 * and where only one side has it the hundredth is right too (50%, 50 and 0.5 agree with the gold 50%).
 *
 * Bounded whatever the input: a fixed stretch of the text is read, and numbers of more than 400 digits or places are none.
 */
export function judgeAnswer(completion: string, gold: string, options: JudgeOptions = {}): Verdict {
  const expected = readGold(gold);
  const answer = extractAnswer(completion, options);
  return { correct: expected === null ? null : agrees(answer, expected), answer: answer?.text ?? null };
}

/** The verdict of judgeAnswer alone. */
export function gradeAnswer(completion: string, gold: string, options: JudgeOptions = {}): boolean | null {
  return judgeAnswer(completion, gold, options).correct;
}

function agrees(answer: Answer | null, expected: NumberLiteral): boolean {
  if (answer?.value == null) return false;
  if (equal(answer.value, expected.value)) return true;
  if (answer.percent === expected.percent) return false;
  const whole = answer.percent ? answer.value : expected.value;
  const part = answer.percent ? expected.value : answer.value;
  return equal(divide(whole, HUNDRED)!, part);
}

const HUNDRED = decimal('100')!;

/**
 * The final answer of a completion, or null where it has no number at all.
 *
 * `####`: of the last such line that is an answer and not a Markdown heading: one that begins with a number (behind currency,
 * bold or mathematics signs), or the last line of the text. `\boxed{}`: the last with balanced braces. In both, what stands
 * after the last equals sign counts; a boxed answer must be that one number and nothing but words beside it.
 */
export function extractAnswer(
  completion: string,
  { answer = 'flexible', finish = 'stop' }: JudgeOptions = {},
): Answer | null {
  const text = completion.trimEnd();
  const marked = hashAnswer(text) ?? boxedAnswer(text);
  return marked ?? (answer === 'flexible' && finish === 'stop' ? lastNumber(text) : null);
}

function readGold(gold: string): NumberLiteral | null {
  if (gold.length > ANSWER_LIMIT) {
    const hashed = hashAnswer(gold);
    return hashed?.value == null ? null : { value: hashed.value, percent: hashed.percent, start: 0, end: 0 };
  }
  const mark = gold.lastIndexOf('####');
  return onlyNumber(mark < 0 ? gold : gold.slice(mark + 4));
}

function hashAnswer(text: string): Answer | null {
  // Headings are few; a text of nothing but marks is not searched through.
  let mark = text.length;
  for (let tries = 0; tries < 32; tries++) {
    if (mark <= 0) return null;
    mark = text.lastIndexOf('####', mark - 1);
    if (mark < 0) return null;
    const lineEnd = text.indexOf('\n', mark);
    const line = text.slice(mark + 4, Math.min(lineEnd < 0 ? text.length : lineEnd, mark + 4 + ANSWER_LIMIT));
    const isLast = lineEnd < 0;
    const number = firstNumber(line, isLast);
    if (number !== null) return { from: '####', value: number.value, percent: number.percent, text: line.trim() };
  }
  return null;
}

/** The number a line begins with, or, `anywhere`, the first one in it; after the last equals sign. */
function firstNumber(line: string, anywhere: boolean): NumberLiteral | null {
  const clean = foldDigits(cleanAnswer(line.slice(line.lastIndexOf('=') + 1)));
  const [first] = findNumbers(clean);
  if (first === undefined) return null;
  const before = clean.slice(0, first.start);
  const after = clean.slice(first.end);
  if (/^(?:[\^_]|[A-Za-z](?!\p{L}))/u.test(after) && !UNIT_LETTER.test(after)) return null;
  return anywhere || before.trim() === '' ? first : null;
}

function boxedAnswer(text: string): Answer | null {
  let mark = text.length;
  for (let tries = 0; tries < 32; tries++) {
    if (mark <= 0) return null;
    mark = text.lastIndexOf('boxed', mark - 1);
    if (mark < 0) return null;
    if (text[mark - 1] !== '\\' && text[mark - 1] !== 'f') continue;
    const content = braced(text, mark + 5);
    if (content === null) continue;
    const number = onlyNumber(content);
    return { from: 'boxed', value: number?.value ?? null, percent: number?.percent ?? false, text: content.trim() };
  }
  return null;
}

/** What stands in the balanced braces that open at `at` (spaces before them allowed), or null where they do not close. */
function braced(text: string, at: number): string | null {
  let open = at;
  while (text[open] === ' ') open++;
  if (text[open] !== '{') return null;
  let depth = 0;
  for (let i = open; i < Math.min(text.length, open + ANSWER_LIMIT); i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return text.slice(open + 1, i);
  }
  return null;
}

function lastNumber(whole: string): Answer | null {
  for (const window of LAST_NUMBER_WINDOWS) {
    const tail = whole.slice(-window);
    const numbers = findNumbers(tail);
    const last = numbers.at(-1);
    // At the border of the window a number may be cut: look further back, unless the text begins there.
    if (last === undefined || (last.start === 0 && tail.length < whole.length)) continue;
    const folded = foldDigits(tail);
    // A power, or a part of a fraction or root that is not a plain number.
    const neighbours = `${folded[last.start - 1] ?? ''}${folded[last.end] ?? ''}`;
    const expression = neighbours.includes('^') || neighbours === '{}';
    const text = folded.slice(last.start, last.end).trim();
    return { from: 'last number', value: expression ? null : last.value, percent: last.percent, text };
  }
  return null;
}

/** The number a text consists of, beside units, words and what LaTeX and Markdown put round it; null where it is more. */
function onlyNumber(text: string): NumberLiteral | null {
  const sides = foldDigits(cleanAnswer(text)).split(/[=≈]/);
  const clean = sides.pop()!;
  // "x = 5" and "3 + 4 = 7" are answers, "x + y = 7" and "a = 4, b = 5" are not.
  if (sides.length > 1 || (sides.length === 1 && !/^\s*(?:\p{L}+|[\d\s.,+\-*/×÷()]+)\s*$/u.test(sides[0]!)))
    return null;
  const numbers = findNumbers(clean);
  if (numbers.length !== 1) return null;
  const number = numbers[0]!;
  const before = clean.slice(0, number.start);
  const after = clean.slice(number.end);
  // A lone letter is a variable (3x), and so is one that is not a unit; "3 cm", "3cm" and "3개" are measures.
  const algebra = /[\\^*/+<>|_{}[\]()]|(?<!\p{L})[A-Za-z](?!\p{L})/u;
  if (algebra.test(before) || /-\s*$/.test(before)) return null;
  return algebra.test(after.replace(UNIT_LETTER, '')) ? null : number;
}

/** "5 m" is a length, "5 x" is algebra. */
const UNIT_LETTER = /^ ?[mglhsL]\.?$/;

/** Takes away what LaTeX, Markdown and typography put round a number. */
function cleanAnswer(text: string): string {
  return text
    .replace(/\\(?:text|textbf|textrm|mathrm|mathbf|mbox|operatorname)\s*\{([^{}]*)\}/g, ' $1')
    .replace(/\\!|\\left|\\right|\\displaystyle|\^\\circ|\^\{\\circ\}|\\degree|°/g, '')
    .replace(/\\[,;: ]|~/g, '\u2009')
    .replace(/\{,\}/g, ',')
    .replace(/\\([$%])/g, '$1')
    .replace(/\\approx/g, '=')
    .replace(/\\[()[\]]|\*\*|`|\$\$|\\f?boxed/g, '')
    .replace(/^[\s:：]+|[\s.。!！]+$/g, '')
    .replace(/^\$(.*)\$$/s, '$1')
    .trim()
    .replace(/^[({]([^,]*|\d{1,3}(?:,\d{3})+)[)}]$/s, '$1')
    .replace(
      /(?<![\d.,])(\d{1,3})((?: \d{3})+)(?!\d)/g,
      (_, head: string, groups: string) => head + groups.replaceAll(' ', ''),
    );
}
