/** What a character is to the word breaker. Everything that is not a letter, a mark or a digit is `none` and breaks words. */
export const Script = {
  none: 0,
  latin: 1,
  cyrillic: 2,
  hangul: 3,
  han: 4,
  kana: 5,
  thai: 6,
  arabic: 7,
  devanagari: 8,
  bengali: 9,
  telugu: 10,
  /** A letter of any other script. */
  other: 11,
  digit: 12,
  /** A combining mark, joiner or variation selector of no script: belongs to the letter before it. */
  mark: 13,
} as const;
export type ScriptName = keyof typeof Script;

/** One byte per BMP code unit; surrogates are `none` here, see astralScript. */
let table: Uint8Array | undefined;

/** The script table, made on first use (about 5 ms). */
export function scriptTable(): Uint8Array {
  return (table ??= buildTable());
}

/** Of a code point above U+FFFF: Han extensions, kana supplements, other letters; mathematical letters and emoji are `none`. */
export function astralScript(codePoint: number): number {
  if (codePoint >= 0x20000 && codePoint <= 0x3ffff) return Script.han;
  if (codePoint >= 0x1aff0 && codePoint <= 0x1b16f) return Script.kana;
  return OTHER_LETTER.test(String.fromCodePoint(codePoint)) ? Script.other : Script.none;
}

const OTHER_LETTER = /(?![\p{Script=Common}\p{Script=Inherited}])[\p{L}\p{M}]/u;

function buildTable(): Uint8Array {
  const units: string[] = [];
  for (let unit = 0; unit < 0x10000; unit++) if (unit < 0xd800 || unit > 0xdfff) units.push(String.fromCharCode(unit));
  const text = units.join('');
  const scripts = new Uint8Array(0x10000);
  const paint = (pattern: RegExp, script: number): void => {
    for (const run of text.matchAll(pattern)) for (const letter of run[0]) scripts[letter.charCodeAt(0)] = script;
  };
  paint(/(?:(?![\p{Script=Common}\p{Script=Inherited}])[\p{L}\p{M}])+/gu, Script.other);
  paint(/(?:(?=[\p{L}\p{M}])\p{Script=Latin})+/gu, Script.latin);
  paint(/(?:(?=[\p{L}\p{M}])\p{Script=Cyrillic})+/gu, Script.cyrillic);
  paint(/(?:(?=[\p{L}\p{M}])\p{Script=Hangul})+/gu, Script.hangul);
  paint(/(?:(?=[\p{L}\p{M}])\p{Script=Han})+/gu, Script.han);
  paint(/(?:(?=[\p{L}\p{M}])[\p{Script=Hiragana}\p{Script=Katakana}])+/gu, Script.kana);
  paint(/(?:(?=[\p{L}\p{M}])\p{Script=Thai})+/gu, Script.thai);
  paint(/(?:(?=[\p{L}\p{M}])\p{Script=Arabic})+/gu, Script.arabic);
  paint(/(?:(?=[\p{L}\p{M}])\p{Script=Devanagari})+/gu, Script.devanagari);
  paint(/(?:(?=[\p{L}\p{M}])\p{Script=Bengali})+/gu, Script.bengali);
  paint(/(?:(?=[\p{L}\p{M}])\p{Script=Telugu})+/gu, Script.telugu);
  paint(/\p{Nd}+/gu, Script.digit);
  paint(/(?:(?=\p{M})\p{Script=Inherited}|[\u200c\u200d\ufe00-\ufe0f])+/gu, Script.mark);
  // The long-vowel sign belongs to no script in Unicode, but is written in kana words only.
  scripts[0x30fc] = Script.kana;
  scripts[0xff70] = Script.kana;
  // Arabic's stroke that stretches a word, which belongs to no script either.
  scripts[0x0640] = Script.mark;
  return scripts;
}
