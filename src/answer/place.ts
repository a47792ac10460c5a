import { least } from '../base/extremes.js';
import { ANSWER_CUE } from './cue.js';
import { boxedAnswer, hashAnswer } from './marked.js';
import { saidPart, saidStart } from './said.js';

/** Marks and cues that are looked at from the beginning; a text of nothing else is not read through. */
const MOST_SIGNS = 64;
/** Characters behind a mark or a cue in which the answer stands. */
const NEAR = 80;

/**
 * Where the final answer begins: the first place behind the thought where it is given, at its mark (`####`, a box) or at what
 * stands behind "the answer is". What is written between that and the same answer given once more is no reasoning. An answer
 * without either begins where it stands last. The length of the completion where there is none.
 *
 * @param answer as the verifier found it; null where it found none, or does not tell: then the last mark that answers counts.
 * @param thought the prompt had begun one.
 */
export function answerPlace(completion: string, answer: string | null, thought = false): number {
  const said = saidPart(completion, thought);
  const found = said === null ? null : (answer ?? lastMark(said));
  if (said === null || found === null) return completion.length;
  const given = [firstGiven(said, MARK, found), firstGiven(said, ANSWER_CUE, found)].filter((at) => at !== undefined);
  const at = given.length > 0 ? least(given) : found === '' ? -1 : said.lastIndexOf(found);
  return at < 0 ? completion.length : saidStart(completion, thought) + at;
}

const MARK = /####|\\f?box(?:ed)?\s{0,4}\{/g;

function lastMark(said: string): string | null {
  const [hash, box] = [hashAnswer(said), boxedAnswer(said)];
  if (hash === null || box === null) return (hash ?? box)?.text ?? null;
  return (box.at > hash.at ? box : hash).text;
}

/** The first mark, or what stands behind the first cue, that gives this answer. */
function firstGiven(said: string, sign: RegExp, answer: string): number | undefined {
  let tries = 0;
  for (const { index, 0: text } of said.matchAll(sign)) {
    if (++tries > MOST_SIGNS) return undefined;
    const behind = index + text.length;
    if (isGiven(said.slice(behind, behind + NEAR), answer)) return sign === MARK ? index : behind;
  }
  return undefined;
}

/** An answer that begins with a number is given where the first number is that one; any other where it stands letter by letter. */
function isGiven(text: string, answer: string): boolean {
  if (BEGINS_WITH_NUMBER.test(answer)) return NUMBER.exec(text)?.[0] === NUMBER.exec(answer)?.[0];
  const squeezed = answer.replaceAll(/\s/g, '');
  return squeezed !== '' && text.replaceAll(/\s/g, '').startsWith(squeezed.slice(0, NEAR / 2));
}

const BEGINS_WITH_NUMBER = /^[^\p{L}\p{N}\\]*\p{N}/u;
const NUMBER = /-?\p{N}(?:[\p{N}.,/:]*\p{N})?/u;
