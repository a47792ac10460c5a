import { ANSWER_CUE, FILLER } from './cue.js';
import type { JudgeOptions, Verdict } from './judge.js';
import { hashLines, lastBox } from './marked.js';
import { matchAt } from './match_at.js';
import { saidPart } from './said.js';

/** What options are named by: Latin, Cyrillic, Korean and Thai letters, and numbers in circles. */
const LETTER = '[A-JАБВГД가나다라마กขคง①-⑩]';
const [OPEN, CLOSE] = ['[(（[【「]', '[)）\\]】」]'];
/** `B`, `(B)`, `B)` and `B.`, behind all but the first what the option says. */
const NAMED = new RegExp(
  `^(?:${OPEN} ?(${LETTER}) ?${CLOSE}|(${LETTER})(?= ?${CLOSE}|[.:。、,](?!\\p{Nd}|\\s*${LETTER}(?!\\p{L}))|\\s*$))`,
  'u',
);
/** The same in a sentence. "A" and "I" are words too where more words follow. */
const SAID = new RegExp(
  `${OPEN} ?(${LETTER}) ?${CLOSE}|([AI])(?=\\s*(?:$|[\\p{P}*]))|((?![AI])${LETTER})(?![A-Za-z\\p{Script=Cyrillic}\\p{Nd}'’-])`,
  'uy',
);
/** Between "the answer is" and the letter. */
const OPTION = /(?:[\s*_$]|option|choice|letter|보기|선택지|选项|選項|选择|選択肢|ข้อ|ตัวเลือก|варіант|вариант)*/iuy;
/** Of LaTeX and Markdown around a letter. */
const WRAPPING = /\\(?:text(?:bf|rm|it)?|math(?:bf|rm|sf))(?![a-z])|[$*_{}]|\\[()[\],;! ]/g;
/** Of a marked answer that are read. */
const LONGEST = 200;

/**
 * Whether a completion chooses the option `gold`: a letter (A to J, А to Д, 가 to 마, ก to ง) or a number in a circle, also in brackets
 * or with a point behind it. Null where the gold answer is none.
 *
 * The choice is looked for where a number would be: the last `####` line or `\boxed{}`, whichever stands later; else, where the
 * answer is flexible and the text finished, behind the last "the answer is" of any language, and else in a last line that is
 * nothing but a choice. Never throws; its work is bounded.
 */
export function judgeChoice(completion: string, gold: string, options: JudgeOptions = {}): Verdict {
  const expected = goldChoice(gold);
  const answer = findChoice(completion, options);
  const correct = expected === null ? null : answer?.letter === expected;
  return { correct, answer: answer?.text ?? null, strict: correct && answer?.marked === true };
}

/** Whether a gold answer is an option that completions can be judged by. */
export function isChoice(gold: string): boolean {
  return goldChoice(gold) !== null;
}

/** Whether two answers choose one option. */
export function sameChoice(a: string, b: string): boolean {
  const letter = letterOf(a);
  return letter === null ? a.trim() === b.trim() : letter === letterOf(b);
}

interface Choice {
  /** Null where a mark holds something else. */
  letter: string | null;
  text: string;
  /** In an answer line or a box. */
  marked: boolean;
}

function findChoice(
  completion: string,
  { answer = 'flexible', finish = 'stop', thought = false }: JudgeOptions,
): Choice | null {
  const text = saidPart(completion, thought);
  if (text === null) return null;
  const [hash] = hashLines(text, finish === 'stop');
  const box = lastBox(text);
  const mark = hash && hash.at > (box?.at ?? -1) ? hash : box;
  if (mark) return { letter: letterOf(mark.content), text: mark.content.trim(), marked: true };
  return answer === 'flexible' && finish === 'stop' ? (behindCue(text) ?? lastLine(text)) : null;
}

/** A gold answer is an option, or a solution whose last `####` line is one. */
function goldChoice(gold: string): string | null {
  const mark = gold.lastIndexOf('####');
  return letterOf(mark < 0 ? gold : gold.slice(mark + 4));
}

function letterOf(content: string): string | null {
  const bare = plain(content.slice(0, LONGEST)).trim();
  const match = NAMED.exec(/^[a-j]$/.test(bare) ? bare.toUpperCase() : bare);
  return match === null ? null : (match[1] ?? match[2]!);
}

function behindCue(text: string): Choice | null {
  const near = plain(text.slice(-12_000));
  for (const cue of [...near.matchAll(ANSWER_CUE)].reverse()) {
    let at = cue.index + cue[0].length;
    at += matchAt(OPTION, near, at)?.[0].length ?? 0;
    const match = matchAt(SAID, near, at) ?? matchAt(SAID, near, at + (matchAt(FILLER, near, at)?.[0].length ?? 0));
    if (match) return { letter: (match[1] ?? match[2] ?? match[3])!, text: match[0], marked: false };
  }
  return null;
}

function lastLine(text: string): Choice | null {
  const line = text.slice(text.lastIndexOf('\n') + 1).trim();
  const bare = plain(line.slice(0, LONGEST)).trim();
  const letter = bare.length <= 4 ? letterOf(bare) : null;
  return letter === null ? null : { letter, text: line, marked: false };
}

/** Full-width letters and colons are the usual ones, and what wraps a letter goes; numbers in circles stay. */
function plain(text: string): string {
  return text.replace(/[\uff1a\uff21-\uff3a\uff41-\uff5a]/g, (wide) => wide.normalize('NFKC')).replace(WRAPPING, '');
}
