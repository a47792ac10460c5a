import type { CountedLanguage, Fidelity, Language } from './types.js';
import { breakWords, type Words } from './words.js';
import { markupMask } from './markup.js';

/** Words in a row that, where they stood before, are a repetition or a copy. */
const STRETCH = 3;

/** What the measure of a completion's reasoning takes from outside it. */
export interface Reasoning {
  /** Where the final answer begins, in UTF-16 units; by default the reasoning is all of the text. */
  end?: number | undefined;
  /** That the completion answers; without it nothing is a copy. */
  question?: string | undefined;
}

/**
 * Words of the reasoning, counted so that saying more of the target language beside it changes little: what stands from the
 * final answer on is left out, and so is a word in a stretch of 3 words that stood before, in the question or the completion, and
 * a target word that is glued to a word of another language (apples를). Where the target's share is smaller with repetitions and
 * copies among the words, they are.
 *
 * @param words that are counted, with their `labels`; `hidden`: how many others stand in markup.
 */
export function measureFidelity(
  text: string,
  { words, labels, hidden }: { words: Words; labels: readonly CountedLanguage[]; hidden: number },
  target: Language,
  { end = text.length, question }: Reasoning,
): Fidelity {
  const { start } = words;
  const found = start.findIndex((at) => at >= end);
  const before = found < 0 ? start.length : found;
  const stretches = stretchesOf(text, words);
  const repeated = marks(stretches, start.length, new Set());
  const copied = question === undefined ? undefined : inQuestion(stretches, start.length, question, target);
  const once = emptyTally();
  const each = emptyTally();
  for (let i = 0; i < before; i++) {
    const label = labels[i]!;
    if (label === target && isGlued(words, labels, i)) continue;
    tally(each, label, target);
    if (!repeated[i] && !copied?.[i]) tally(once, label, target);
  }
  // Where what is repeated is mostly another language, counting it once would make more of the target than was said.
  const { words: reasoning, ofTarget, english } = once.ofTarget * each.words > each.ofTarget * once.words ? each : once;
  return {
    targetWr: reasoning === 0 ? null : ofTarget / reasoning,
    reasoning,
    target: ofTarget,
    english,
    afterAnswer: start.length - before,
    repeated: sum(repeated),
    copied: copied === undefined ? 0 : sum(copied.subarray(0, before)),
    hidden,
  };
}

interface Tally {
  words: number;
  ofTarget: number;
  english: number;
}

const emptyTally = (): Tally => ({ words: 0, ofTarget: 0, english: 0 });

function tally(into: Tally, label: CountedLanguage, target: Language): void {
  into.words++;
  if (label === target) into.ofTarget++;
  if (label === 'en') into.english++;
}

/** Every stretch of 3 words in a row; the i-th begins with word i. */
function stretchesOf(text: string, { start, end }: Words): string[] {
  const words = start.map((from, i) => text.slice(from, end[i]).toLowerCase());
  return words.slice(STRETCH - 1).map((_, i) => words.slice(i, i + STRETCH).join(' '));
}

/** 1 for each word in a stretch that is in `known`; with `grow`, those of the text itself become known one by one. */
function marks(stretches: readonly string[], words: number, known: Set<string>, grow = true): Uint8Array {
  const marked = new Uint8Array(words);
  stretches.forEach((stretch, i) => {
    if (known.has(stretch)) marked.fill(1, i, i + STRETCH);
    else if (grow) known.add(stretch);
  });
  return marked;
}

function inQuestion(stretches: readonly string[], words: number, question: string, target: Language): Uint8Array {
  if (latest?.question !== question || latest.target !== target) {
    const broken = breakWords(question, markupMask(question), target);
    latest = { question, target, stretches: new Set(stretchesOf(question, broken)) };
  }
  return marks(stretches, words, latest.stretches, false);
}
/** Completions of one problem come one after the other. */
let latest: { question: string; target: Language; stretches: Set<string> } | undefined;

function isGlued({ start, end }: Words, labels: readonly CountedLanguage[], i: number): boolean {
  const foreign = (other: number) => labels[other] !== labels[i];
  return (i > 0 && end[i - 1] === start[i] && foreign(i - 1)) || (end[i] === start[i + 1] && foreign(i + 1));
}

const sum = (marked: Uint8Array): number => marked.reduce((total, each) => total + each, 0);
