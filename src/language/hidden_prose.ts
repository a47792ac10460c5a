/**
 * Prose inside mathematics, code, comments and tags. What is taken away as markup is not judged, so a reward for language would
 * teach a model to think there: `$$Now I think in English$$`. A stretch of it that reads as sentences is given back.
 */

/** Words in a row, parted by spaces and commas alone, that make prose. */
const SPACED_WORDS = 4;
/** Shorter stretches hold none. */
const SHORTEST = 8;
/** In a fence of code, where keywords and names follow each other too. */
const FENCED_WORDS = 6;
/** On a line that begins like code and has its signs. */
const DOUBTFUL_WORDS = 12;
/** Where words are joined by other signs than spaces. */
const JOINED_WORDS = 6;

const SPACED =
  /(?<![\p{L}\p{M}\p{N}_\\])[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*(?:(?:[,;:.!?]? +|[,;:.!?]?\n *|[_~-]|\\[ ,;:])[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*)+/gu;
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー][\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー，、。]{7,}|\p{Script=Thai}[\p{Script=Thai} ]{11,}/gu;
/** What begins a line of code. */
const CODE_LINE =
  /^\s*(?:def|class|return|for|while|if|elif|else|import|from|print|const|let|var|function|public|private|static|int|float|double|void|assert|with|try|except)\b/;
/** What is code however long. */
const CODE_FOR_CERTAIN = /^\s*(?:import\s|from\s+\S+\s+import\s|select\b.*\bfrom\b)/i;
const FORMULA_WORD =
  /^(?:sin|cos|tan|cot|sec|csc|log|ln|exp|lim|max|min|gcd|lcm|mod|det|sqrt|if|and|or|not|in|is|where|for|all|the|of|to)$/i;

/** Clears `mask` (1: taken away) over the prose of the stretch [start, end). A fence of code is read line by line. */
export function giveBackProse(text: string, mask: Uint8Array, start: number, end: number, fenced: boolean): void {
  if (end - start < SHORTEST) return;
  if (!fenced) {
    clear(text.slice(start, end), start, SPACED_WORDS, mask);
    return;
  }
  // The first line names the language of the code.
  for (let at = text.indexOf('\n', start); at >= 0 && at < end;) {
    const next = text.indexOf('\n', at + 1);
    const line = text.slice(at + 1, next < 0 ? end : Math.min(next, end));
    if (!CODE_FOR_CERTAIN.test(line)) clear(line, at + 1, wordsNeeded(line), mask);
    at = next;
  }
}

function wordsNeeded(line: string): number {
  return CODE_LINE.test(line) && /[:=(){}[\];]/.test(line) ? DOUBTFUL_WORDS : FENCED_WORDS;
}

function clear(stretch: string, offset: number, fewest: number, mask: Uint8Array): void {
  for (const pattern of [SPACED, UNSPACED]) {
    for (const { 0: run, index } of stretch.matchAll(pattern))
      if (pattern === UNSPACED || reads(run, fewest)) mask.fill(0, offset + index, offset + index + run.length);
  }
}

/** Whether enough of the words are words: of two letters or more, and some that no formula has. */
function reads(run: string, fewest: number): boolean {
  const words = run.split(/[^\p{L}\p{M}'’]+/u).filter((word) => word.length > 1 || word === 'I' || word === 'a');
  const telling = words.filter((word) => word.length > 1 && !FORMULA_WORD.test(word));
  const spaced = /[^\s,;:.!?] |\n/.test(run) && !/[_~\\]/.test(run);
  return words.length >= (spaced ? fewest : Math.max(fewest, JOINED_WORDS)) && telling.length >= 2;
}
