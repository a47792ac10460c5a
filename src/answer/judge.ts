import type { Finish } from '../engine/types.js';
import { readLiterals } from './literals.js';
import { cleanText } from './clean.js';
import { boxedAnswer, hashAnswer, MARKED_LIMIT, readNumber, type Marked } from './marked.js';
import { divide, equal, whole, type Rational } from './rational.js';
import { saidPart } from './said.js';
import type { Thought } from './thought.js';
import { spokenAnswer } from './sentence.js';
import type { AnswerMode } from './types.js';

export interface JudgeOptions {
  /** Default flexible. */
  answer?: AnswerMode | undefined;
  /** How the completion ended; one that did not end by itself has only marked answers. Default stop. */
  finish?: Finish | undefined;
  /** The prompt had begun the thought that the completion goes on with. Default false. */
  thought?: Thought | undefined;
  /** Of the problem, such as `de`: whose words for numbers are meant where several languages share one. Default: not known. */
  language?: string | undefined;
}

export interface Answer {
  /** Where it was found. */
  from: '####' | 'boxed' | 'sentence';
  /** Null where the place holds no number, such as \boxed{x + 1}. */
  value: Rational | null;
  percent: boolean;
  /** What stands there. */
  text: string;
}

/** A verdict: null where the gold answer is none to judge by; `answer` is the text it rests on, null where there was none. */
export interface Verdict {
  correct: boolean | null;
  answer: string | null;
  /** The verdict of `strict`, by marked answers alone, whichever was asked for; null too where a module judges. */
  strict: boolean | null;
}

/**
 * Whether a completion's final answer is the number `gold`, exactly: both are read as rational numbers, never as floats, so
 * 0.5 is 1/2 and 0.333 is not 1/3. Null where the gold answer itself is not a number. A percent sign is dropped, and where only
 * one side has it the hundredth is right too (50%, 50 and 0.5 agree with the gold 50%).
 *
 * Never throws, and its work is bounded whatever the input: a fixed stretch of the text is read, and numbers of more than 400
 * digits or places are none.
 */
export function judgeAnswer(completion: string, gold: string, options: JudgeOptions = {}): Verdict {
  const expected = readGold(gold);
  const answer = extractAnswer(completion, options);
  const correct = expected === null ? null : agrees(answer, expected);
  return { correct, answer: answer?.text ?? null, strict: correct && answer?.from !== 'sentence' };
}

/** The verdict of judgeAnswer alone. */
export function gradeAnswer(completion: string, gold: string, options: JudgeOptions = {}): boolean | null {
  return judgeAnswer(completion, gold, options).correct;
}

/** What nearly every gold answer is, told without the whole reading: a data set has thousands. */
const PLAIN_NUMBER = /^-?\d{1,15}$/;

/** Whether a gold answer is a number that completions can be judged by. */
export function isJudged(gold: string): boolean {
  return PLAIN_NUMBER.test(gold) || readGold(gold) !== null;
}

/** Whether two answers are one number; where one of them is none, one text. */
export function sameNumber(a: string, b: string): boolean {
  const [x, y] = [readNumber(a.slice(0, MARKED_LIMIT))?.value, readNumber(b.slice(0, MARKED_LIMIT))?.value];
  return x == null || y == null ? a.trim() === b.trim() : equal(x, y);
}

/**
 * The final answer of a completion, or null where it has none. It is looked for behind the thought, before the text runs on into
 * another question: the last `####` line or `\boxed{}`, whichever stands later; else, in a finished text, see spokenAnswer.
 */
export function extractAnswer(
  completion: string,
  { answer = 'flexible', finish = 'stop', thought = false, language }: JudgeOptions = {},
): Answer | null {
  const text = saidPart(completion, thought);
  if (text === null) return null;
  const hash = hashAnswer(text, finish === 'stop', language);
  const box = boxedAnswer(text, language);
  const marked = later(hash, box);
  if (marked !== null) {
    const from = marked === hash ? '####' : 'boxed';
    return { from, value: marked.value, percent: marked.percent, text: marked.text };
  }
  const spoken = answer === 'flexible' && finish === 'stop' ? spokenAnswer(text, language) : null;
  return spoken === null ? null : { from: 'sentence', ...spoken };
}

/** Whether a line holds a number in digits. */
export function holdsNumber(line: string): boolean {
  return readLiterals(cleanText(line.slice(0, MARKED_LIMIT)), true).length > 0;
}

function later(a: Marked | null, b: Marked | null): Marked | null {
  if (a === null || b === null) return a ?? b;
  return b.at > a.at ? b : a;
}

type Expected = Pick<Answer, 'percent'> & { value: Rational };

/** A gold answer is a number in digits, or a solution whose last `####` line is one. */
function readGold(gold: string): Expected | null {
  const mark = gold.lastIndexOf('####');
  const answer = mark < 0 ? gold : gold.slice(mark + 4);
  if (answer.length > MARKED_LIMIT) return null;
  const number = readNumber(answer, { gold: true });
  return number?.value == null ? null : { value: number.value, percent: number.percent };
}

function agrees(answer: Answer | null, expected: Expected): boolean {
  if (answer?.value == null) return false;
  if (equal(answer.value, expected.value)) return true;
  if (answer.percent === expected.percent) return false;
  const percent = answer.percent ? answer.value : expected.value;
  const part = answer.percent ? expected.value : answer.value;
  return equal(divide(percent, HUNDRED)!, part);
}

const HUNDRED = whole(100);
