/** Decimal digits of every script (Unicode Nd) to their ASCII digit, by code point. */
let digits: Map<number, string> | undefined;

/**
 * Text with what spells a number in other scripts made ASCII: decimal digits of any script (full-width, Thai, Arabic-Indic,
 * Devanagari, Bengali, Telugu, ...), the Arabic separators, full-width signs, and the minus signs and hyphens of typography
 * before a number. A full-width comma is a separator only after a full-width digit; elsewhere in Chinese and Japanese it parts
 * clauses.
 */
export function foldDigits(text: string): string {
  if (!/[^\x00-\x7f]/.test(text)) return text;
  return (
    text
      .replace(/(?<=[\uff10-\uff19])\uff0c(?=[\uff10-\uff19])/g, ',')
      .replace(/\p{Nd}/gu, (digit) => digitTable().get(digit.codePointAt(0)!) ?? digit)
      // One with three digits behind it groups thousands in Chinese text too: 1，234.
      .replace(/(?<=(?<!\d)[1-9]\d{0,2})\uff0c(?=\d{3}(?!\d))/g, ',')
      .replace(/[\u2010-\u2013\u2212\u207b\u02d7\u2796\uff0d\ufe63](?=\s*[\d.$\p{Sc}\\¼-¾⅐-⅞])/gu, '-')
      .replace(
        /[\u066b\u066c\uff0e\uff05\uff04\uff0b\uff0f\uff1d\u2044\u2215\uff03\ufe6a\u066a\uff1a\u2236\uff08\uff09]/g,
        (sign) => SIGNS[sign]!,
      )
  );
}

const SIGNS: Record<string, string> = {
  '\u066b': '.',
  '\u066c': ',',
  '\uff0e': '.',
  '\uff05': '%',
  '\ufe6a': '%',
  '\u066a': '%',
  '\uff04': '$',
  '\uff0b': '+',
  '\uff0f': '/',
  '\u2044': '/',
  '\u2215': '/',
  '\uff1d': '=',
  '\uff03': '#',
  '\uff1a': ':',
  '\u2236': ':',
  '\uff08': '(',
  '\uff09': ')',
};

function digitTable(): Map<number, string> {
  if (digits !== undefined) return digits;
  digits = new Map();
  const isDigit = /\p{Nd}/u;
  let inRun = 0;
  // Nd comes in runs of ten (or of several tens, for mathematical digits), each from its zero.
  for (let codePoint = 0x30; codePoint <= 0x1fbf9; codePoint++) {
    if (isDigit.test(String.fromCodePoint(codePoint))) digits.set(codePoint, String(inRun++ % 10));
    else inRun = 0;
  }
  return digits;
}
