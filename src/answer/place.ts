import { ANSWER_CUE } from './cue.js';
import { boxedAnswer, hashAnswer } from './marked.js';
import { saidPart, saidStart } from './said.js';
import type { Thought } from './thought.js';

/** A text of more marks or cues is a text of nothing else, and not read through. */
const MOST_SIGNS = 1000;
/** Characters behind a mark or a cue in which the answer stands. */
const NEAR = 80;

/**
 * Where the final answer begins: the first place behind the thought where it is given, at its mark (`####`, a box) or at what
 * stands behind "the answer is". What is written between that and the same answer given once more is no reasoning, but where
 * another answer was given in between it was one of several guesses, and the first place behind that one counts. An answer
 * without mark or cue begins where it stands last. The length of the completion where there is none.
 *
 * @param answer as the verifier found it; null where it found none, or does not tell: then the last mark that answers counts.
 * @param thought the prompt had begun one.
 */
export function answerPlace(completion: string, answer: string | null, thought: Thought = false): number {
  const said = saidPart(completion, thought);
  const found = said === null ? null : (answer ?? lastMark(said));
  if (said === null || found === null) return completion.length;
  const at = givenAt(said, found) ?? (found === '' ? -1 : said.lastIndexOf(found));
  return at < 0 ? completion.length : saidStart(completion, thought) + at;
}

const MARK = /####|\\f?box(?:ed)?\s{0,4}\{/g;

function lastMark(said: string): string | null {
  const [hash, box] = [hashAnswer(said), boxedAnswer(said)];
  if (hash === null || box === null) return (hash ?? box)?.text ?? null;
  return (box.at > hash.at ? box : hash).text;
}

/** Where the last of the rows of signs begins, marks and cues together, that give this answer and no other between. */
function givenAt(said: string, answer: string): number | undefined {
  const signs: { at: number; behind: number }[] = [];
  for (const sign of [MARK, ANSWER_CUE]) {
    for (const { index, 0: text } of said.matchAll(sign)) {
      if (signs.length === MOST_SIGNS) return undefined;
      const behind = index + text.length;
      signs.push({ at: sign === MARK ? index : behind, behind });
    }
  }
  signs.sort((a, b) => a.behind - b.behind);
  let first: number | undefined;
  let open = false;
  for (const { at, behind } of signs) {
    const given = isGiven(said.slice(behind, behind + NEAR), answer);
    if (given && !open) first = at;
    open = given;
  }
  return first;
}

/** An answer that begins with a number is given where the first number is that one; any other where it stands letter by letter. */
function isGiven(text: string, answer: string): boolean {
  if (BEGINS_WITH_NUMBER.test(answer)) return NUMBER.exec(text)?.[0] === NUMBER.exec(answer)?.[0];
  const squeezed = answer.replaceAll(/\s/g, '');
  return squeezed !== '' && text.replaceAll(/\s/g, '').startsWith(squeezed.slice(0, NEAR / 2));
}

const BEGINS_WITH_NUMBER = /^[^\p{L}\p{N}\\]*\p{N}/u;
const NUMBER = /-?\p{N}(?:[\p{N}.,/:]*\p{N})?/u;
