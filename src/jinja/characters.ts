/** Python counts characters where JavaScript counts UTF-16 units: the same but for pairs of surrogates. */
const PAIR = /[\ud800-\udbff][\udc00-\udfff]/;

export function characters(text: string): string[] {
  return PAIR.test(text) ? Array.from(text) : text.split('');
}

export function lengthOf(text: string): number {
  if (!PAIR.test(text)) return text.length;
  return text.length - text.match(/[\ud800-\udbff][\udc00-\udfff]/g)!.length;
}

/** Characters from..to, both within the text. */
export function cut(text: string, from: number, to: number): string {
  return PAIR.test(text) ? Array.from(text).slice(from, to).join('') : text.slice(from, to);
}

/** How many characters stand before a unit's place. */
export function characterIndex(text: string, unit: number): number {
  return lengthOf(text.slice(0, unit));
}

/** Whether a text is a name, as of a variable. */
export const isIdentifier = (text: string): boolean => /^[\p{XIDS}_]\p{XIDC}*$/u.test(text);

/** A character by its code, as Python writes it in a text, without the backslash: `xe9`, `uac00`, `U0001f600`. */
export function codeEscape(code: number): string {
  const hex = code.toString(16);
  if (code <= 0xff) return `x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `u${hex.padStart(4, '0')}` : `U${hex.padStart(8, '0')}`;
}

/** Orders texts by their characters' code points. */
export function compareTexts(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    if (a[i] !== b[i]) return a.codePointAt(pairStart(a, i))! - b.codePointAt(pairStart(b, i))!;
  }
  return a.length - b.length;
}

/** Where the character begins that a unit belongs to. */
function pairStart(text: string, unit: number): number {
  const before = text.charCodeAt(unit - 1);
  const here = text.charCodeAt(unit);
  return before >= 0xd800 && before < 0xdc00 && here >= 0xdc00 && here < 0xe000 ? unit - 1 : unit;
}
