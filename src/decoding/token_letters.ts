import { astralScript, Script, scriptTable } from '../language/script.js';

/** Scripts of letters; digits, marks and what is no letter are of none. */
export type LetterScript = Exclude<keyof typeof Script, 'none' | 'digit' | 'mark'>;

export const LETTER_SCRIPTS = Object.keys(Script).filter(
  (name): name is LetterScript => name !== 'none' && name !== 'digit' && name !== 'mark',
);

/** Of which scripts the letters of a token are. */
export interface TokenLetters {
  /** Of its whole characters. */
  scripts: ReadonlySet<LetterScript>;
  /** Where it ends within a character: how many of the characters that begin so are letters of each script, as shares of all. */
  opens?: ReadonlyMap<LetterScript, number>;
}

const NAMES = Object.entries(Script).map(([name, number]) => [number, name] as const);
const LETTERS = new Map(NAMES.filter(([, name]) => (LETTER_SCRIPTS as string[]).includes(name))) as Map<
  number,
  LetterScript
>;

function scriptOf(codePoint: number): LetterScript | undefined {
  return LETTERS.get(codePoint < 0x10000 ? scriptTable()[codePoint]! : astralScript(codePoint));
}

/** Length of the character that a byte begins; 0: it continues one, or begins none. */
function lengthOf(byte: number): number {
  if (byte < 0x80) return 1;
  if (byte < 0xc2 || byte > 0xf4) return 0;
  return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/**
 * Looks at the bytes of a token. Bytes that only continue a character say nothing of its script, and are passed over: what they
 * complete was judged where it began.
 */
export function tokenLetters(bytes: Uint8Array): TokenLetters {
  const scripts = new Set<LetterScript>();
  for (let at = 0; at < bytes.length;) {
    const length = lengthOf(bytes[at]!);
    if (length === 0) {
      at++;
      continue;
    }
    let codePoint = length === 1 ? bytes[at]! : bytes[at]! & (0x7f >> length);
    let end = at + 1;
    while (end < at + length && end < bytes.length && (bytes[end]! & 0xc0) === 0x80)
      codePoint = (codePoint << 6) | (bytes[end++]! & 0x3f);
    const missing = at + length - end;
    if (missing > 0 && end === bytes.length)
      return { scripts, opens: sharesOf(codePoint << (6 * missing), 6 * missing) };
    if (missing === 0) {
      const script = scriptOf(codePoint);
      if (script) scripts.add(script);
    }
    at = end;
  }
  return { scripts };
}

const ASSIGNED = /\P{Cn}/u;
const shares = new Map<string, ReadonlyMap<LetterScript, number>>();

/** Of the assigned characters among 2^bits from `first` on, the share of letters of each script. */
function sharesOf(first: number, bits: number): ReadonlyMap<LetterScript, number> {
  const key = `${String(first)}/${String(bits)}`;
  const known = shares.get(key);
  if (known) return known;
  const counts = new Map<LetterScript, number>();
  let assigned = 0;
  // Of the longest stretch every 16th will do.
  const step = bits > 12 ? 16 : 1;
  for (let codePoint = first; codePoint < first + 2 ** bits && codePoint <= 0x10ffff; codePoint += step) {
    if ((codePoint >= 0xd800 && codePoint < 0xe000) || !ASSIGNED.test(String.fromCodePoint(codePoint))) continue;
    assigned++;
    const script = scriptOf(codePoint);
    if (script) counts.set(script, (counts.get(script) ?? 0) + 1);
  }
  const made = new Map([...counts].map(([script, count]) => [script, count / assigned]));
  shares.set(key, made);
  return made;
}
