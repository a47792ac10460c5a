import { isChoice, judgeChoice } from '../choice.js';
import type { JudgeOptions, Verdict } from '../judge.js';
import { saidPart } from '../said.js';
import { boxed, markedAnswer, saidAnswer, saidFormula, type Found } from './find.js';
import { readAnswer, type Reading } from './read.js';
import { sameAnswer } from './same.js';
import { Work } from './work.js';

/**
 * Whether a completion's final answer is the mathematical answer `gold`: numbers, expressions, tuples, intervals, sets, lists,
 * matrices, equations, inequalities, times, words and letters of options, whatever way they are written. Null where the gold answer
 * is none that is read.
 *
 * The answer is looked for where {@link judgeAnswer} looks for a number. Never throws, and its work is bounded.
 */
export function judgeMathematics(completion: string, gold: string, options: JudgeOptions = {}): Verdict {
  const expected = readGold(gold);
  if (expected !== null && isLetter(gold, expected)) {
    const verdict = judgeChoice(completion, gold, options);
    if (verdict.correct === true) return verdict;
  }
  const found = findAnswer(completion, expected, options);
  const answer = found?.text.trim() ?? null;
  if (expected === null) return { correct: null, answer, strict: null };
  const correct = found?.reading != null && agree(expected, found.reading);
  return { correct, answer, strict: correct && found.marked };
}

/** Whether a gold answer is one that completions can be judged by. */
export function isMathematics(gold: string): boolean {
  return readGold(gold) !== null;
}

/** Whether two answers are one; where one of them is none that is read, one text. */
export function sameMathematics(a: string, b: string): boolean {
  const [x, y] = [readAnswer(a), readAnswer(b)];
  return x === null || y === null ? a.trim() === b.trim() : agree(x, y);
}

const isLetter = (gold: string, { text }: Reading): boolean =>
  text.length === 1 && !/[a-j]/.test(text) && isChoice(gold);

function findAnswer(
  completion: string,
  expected: Reading | null,
  { answer = 'flexible', finish = 'stop', thought = false, language }: JudgeOptions,
): Found | null {
  const text = saidPart(completion, thought);
  if (text === null) return null;
  const marked = markedAnswer(text, finish === 'stop', language);
  if (marked !== null || answer === 'strict' || finish !== 'stop') return marked;
  return saidAnswer(text, expected === null || isNumber(expected), language);
}

const isNumber = ({ formulas }: Reading): boolean =>
  formulas.some((formula) => ['number', 'percent'].includes((formula.kind === 'negative' ? formula.of : formula).kind));

/** The last gold answer that was read: of a run of completions of one problem they all are the same. */
let latest: { gold: string; reading: Reading | null } | undefined;

/** A gold answer as it stands, or what a solution marks as its answer. */
function readGold(gold: string): Reading | null {
  if (latest?.gold !== gold) {
    latest = { gold, reading: readGoldAnew(gold) };
  }
  return latest.reading;
}

function readGoldAnew(gold: string): Reading | null {
  const mark = gold.lastIndexOf('####');
  if (mark >= 0) return readAnswer(gold.slice(mark + 4), { gold: true });
  if (/\\f?box(?:ed)?\s?\{/.test(gold))
    return (
      boxed(gold)?.reading ?? readAnswer(gold.slice(gold.lastIndexOf('{', gold.indexOf('box') + 8) + 1), { gold: true })
    );
  return readAnswer(gold, { gold: true }) ?? (gold.length > 60 ? (saidFormula(gold)?.reading ?? null) : null);
}

function agree(expected: Reading, given: Reading): boolean {
  if (expected.text !== '' && expected.text === given.text) return true;
  const work = new Work();
  return expected.formulas.some((gold) => given.formulas.some((formula) => sameAnswer(gold, formula, work)));
}
