import { CONCLUSION, DIRECT_CUE } from './cue.js';
import { readAllNumberWords, type WordReading } from './words/read.js';
import { greatest } from '../base/extremes.js';

/** Characters from the end of a text in which a number in words is looked for. */
const LAST = 240;
/** Words of one letter that are other words too need a counter or copula right behind them. */
const SHORT_KOREAN = /^[일이삼사오육칠팔구영공만조두세네]$/;
const AFTER_SINO = /^(?:입니다|이다|이에요|예요|원|명|개월|년|분)/;
const AFTER_NATIVE = /^ ?(?:개|명|마리|권|자루|살|시간|대|장|송이|그루|번|잔|병)/;

/**
 * The last number in words of a text, if it is what the text ends with: one in a sentence that concludes ("So she has seven
 * left") behind that of the last number in digits, which ends at `after`, or right behind a word that asks for a sum (一共是, 총,
 * 全部で). Without digits in the text any sentence will do. A bare "one" is seldom a number.
 */
export function lastInWords(
  text: string,
  after: number | null,
  language: string | undefined,
  isSetAside: (reading: { start: number; end: number }) => boolean,
): (WordReading & { start: number }) | null {
  const from = Math.max(after ?? 0, text.length - LAST);
  const sentence = after === null ? 0 : sentenceEnd(text, after);
  const words = readAllNumberWords(text.slice(from), language).map((read) => ({
    ...read,
    start: read.start + from,
    end: read.end + from,
  }));
  for (const read of words.reverse()) {
    const direct = DIRECT_CUE.test(text.slice(Math.max(0, read.start - 24), read.start));
    const concludes = after === null || (read.start >= sentence && CONCLUSION.test(sentenceAt(text, read.start)));
    if ((direct || concludes) && isNumber(text, read, direct) && !isSetAside(read)) return read;
  }
  return null;
}

function isNumber(text: string, { start, end, value }: WordReading & { start: number }, direct: boolean): boolean {
  const word = text.slice(start, end);
  const before = text.slice(Math.max(0, start - 12), start);
  if (/(?<!\p{L})(?:the|these|those|both|this|that|other|any|every|no) $/iu.test(before)) return false;
  if (value.numerator === 1n && value.denominator === 1n) return direct;
  if (!SHORT_KOREAN.test(word)) return true;
  return (/[두세네]/.test(word) ? AFTER_NATIVE : AFTER_SINO).test(text.slice(end, end + 6));
}

/** Also where a conclusion begins within the sentence. */
const SENTENCE_END =
  /[.!?。！？\n]|,? (?:so|therefore|thus|hence|отже|тому|итак|значит|поэтому) |따라서|그러므로|所以|因此|よって|したがって|だから|ดังนั้น/;

function sentenceEnd(text: string, from: number): number {
  const end = SENTENCE_END.exec(text.slice(from));
  return end === null ? text.length : from + end.index;
}

function sentenceAt(text: string, at: number): string {
  const before = text.slice(Math.max(0, at - LAST), at);
  const begin = greatest(Array.from('.!?。！？\n', (mark) => before.lastIndexOf(mark)));
  return before.slice(begin + 1) + text.slice(at, Math.min(sentenceEnd(text, at), at + LAST));
}
