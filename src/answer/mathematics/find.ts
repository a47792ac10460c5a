import { ANSWER_CUE } from '../cue.js';
import { matchAt } from '../match_at.js';
import { hashLines, isHeading, lastBox, readLine } from '../marked.js';
import { spokenAnswer } from '../sentence.js';
import { readAnswer, type Reading } from './read.js';

/** An answer that was found in a text: what it says, and as it is written. */
export interface Found {
  reading: Reading | null;
  text: string;
  at: number;
  /** In an answer line or a box. */
  marked: boolean;
}

/** The last answer line or the last boxes, whichever stands later. */
export function markedAnswer(text: string, finished: boolean, language?: string): Found | null {
  const hash = hashed(text, finished, language);
  const box = boxed(text, language);
  return hash !== null && hash.at > (box?.at ?? -1) ? hash : box;
}

function hashed(text: string, finished: boolean, language?: string): Found | null {
  let before = text.length;
  for (const { content, isLast, at } of hashLines(text, finished)) {
    // Of the marks of one line the last was looked at.
    if (text.slice(at, before).includes('\n') || before === text.length) before = at;
    else continue;
    if (isHeading(content)) continue;
    const answer = content.replace(LABEL, '');
    const reading = readAnswer(answer, { language });
    const number = readLine(content, isLast, language);
    if (reading !== null && reading.formulas.length > 0) return { reading, text: content.trim(), at, marked: true };
    if (number !== null && number.value !== null)
      return {
        reading: { formulas: [{ kind: 'number', value: number.value, places: 0 }], text: '' },
        text: content.trim(),
        at,
        marked: true,
      };
    if (number !== null || isLast) return { reading, text: content.trim(), at, marked: true };
  }
  return null;
}

/** "The answer is", and its like, at the head of an answer line. */
const LABEL = new RegExp(
  String.raw`^[\s*]{0,8}(?:(?:so|thus|therefore|the|our|my|final|따라서|최종|所以|よって|ดังนั้น)[\s,*]{0,4}){0,3}(?:${ANSWER_CUE.source})`,
  'iu',
);

/** The last box, with those before it in its sentence: \boxed{2} and \boxed{3}. */
export function boxed(text: string, language?: string): Found | null {
  const last = lastBox(text);
  if (last === null) return null;
  const contents = [last.content];
  let at = last.at;
  for (
    let before = lastBox(text.slice(0, at));
    before !== null && contents.length < 16;
    before = lastBox(text.slice(0, at))
  ) {
    const end = text.indexOf(before.content, before.at) + before.content.length + 1;
    if (!BETWEEN_BOXES.test(text.slice(end, at - 1)) || end > at) break;
    contents.unshift(before.content);
    ({ at } = before);
  }
  const content = contents.join(' \\text{ and } ');
  return { reading: readAnswer(content, { language }), text: contents.join(', ').trim(), at: last.at, marked: true };
}

/** Between boxes of one answer: a comma, or "and" behind a few words, and a name with an equals sign. */
const BETWEEN_BOXES =
  /^(?:[\s$,;]|\\[()[\],;]|\\q?quad|\\text ?\{[\s,]*\}){1,12}$|^[^.=\n]{0,40}?(?:,|;|(?<!\p{L})(?:and|or|та|і|или|и|або)(?!\p{L})|및|와|과|和|或|と|และ|หรือ)[\s}]*(?:\\[([]|\$|\s|\\q?quad)*(?:[a-zA-Z](?:_?\{?\w{1,3}\}?)? ?= ?)?$/u;

/** Characters from the end of a text in which an answer that is not marked is looked for. */
const NEAR = 12_000;
/** What may stand between "the answer is" and a formula. */
const BEFORE_FORMULA = /(?:[\s*:：]|therefore|thus)*/iuy;
const DELIMITED =
  /\$\$([^$]{1,600})\$\$|\$([^$]{1,600})\$|\\\(((?:[^\\]|\\[^)]){1,600}?)\\\)|\\\[((?:[^\\]|\\[^\]]){1,600}?)\\\]/gu;

/**
 * What a text without marks says last: behind the last "the answer is", else its last formula, else its last number. `number`: a
 * number is asked for, so that the sentence's rules for numbers come first.
 */
export function saidAnswer(text: string, number: boolean, language?: string): Found | null {
  const all = text.length <= 200 && !text.includes('\n') ? readAnswer(text, { language }) : null;
  if (all !== null && all.formulas.length > 0) return { reading: all, text, at: 0, marked: false };
  if (number) {
    const formula = saidFormula(text, false, language);
    if (formula !== null && formula.reading!.formulas.length > 0) return formula;
    const spoken = spokenAnswer(text, language);
    if (spoken?.value != null) {
      const value = { kind: 'number', value: spoken.value, places: 0 } as const;
      return {
        reading: { formulas: [spoken.percent ? { kind: 'percent', of: value } : value], text: '' },
        text: spoken.text,
        at: 0,
        marked: false,
      };
    }
  }
  return saidFormula(text, true, language);
}

/** The formula behind the last "the answer is"; `any`: else what is said there in words, else the last formula. */
export function saidFormula(text: string, any = false, language?: string): Found | null {
  const near = text.slice(-NEAR);
  const formulas = [...near.matchAll(DELIMITED)];
  for (const cue of [...near.matchAll(ANSWER_CUE)].reverse()) {
    let at = cue.index + cue[0].length;
    at += matchAt(BEFORE_FORMULA, near, at)?.[0].length ?? 0;
    const formula = formulas.find(({ index }) => index === at);
    const behind = formula === undefined ? '' : near.slice(at + formula[0].length, at + formula[0].length + 8);
    const whole = formula !== undefined && (any || ENDS.test(behind));
    const content = whole ? contentOf(formula) : any ? sentenceFrom(near, at) : '';
    const reading = content === '' ? null : readAnswer(content, { language });
    if (reading !== null) return { reading, text: content, at, marked: false };
  }
  const last = any ? formulas.at(-1) : undefined;
  if (last === undefined) return null;
  const content = contentOf(last);
  return { reading: readAnswer(content, { language }), text: content, at: last.index, marked: false };
}

/** What stands behind a formula that is all of the answer. */
const ENDS = /^\*{0,2}(?:$|[.,;。！!]|\s*\n)/;

const contentOf = (match: RegExpMatchArray): string => (match[1] ?? match[2] ?? match[3] ?? match[4]!).trim();

/** The rest of a sentence. */
function sentenceFrom(text: string, at: number): string {
  const rest = text.slice(at, at + 200);
  return rest.slice(0, /[.!?](?:\s|$)|[。！？\n]|입니다|です/.exec(rest)?.index ?? rest.length).trim();
}
