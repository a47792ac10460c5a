/** Letters that look alike in Latin and Cyrillic, the one at the place of the other. */
const LATIN = 'aceiopxyABCEHIKMOPTXY';
const CYRILLIC = 'асеіорхуАВСЕНІКМОРТХУ';
const TO_CYRILLIC = new Map([...LATIN].map((letter, i) => [letter, CYRILLIC[i]!]));
const LOOKALIKE_CYRILLIC = new Set(CYRILLIC);

/** A word with its Latin look-alikes as the Cyrillic letters they stand for. */
export function asCyrillic(word: string): string {
  if (!/[A-Za-z]/.test(word)) return word;
  let text = '';
  for (const letter of word) text += TO_CYRILLIC.get(letter) ?? letter;
  return text;
}

/**
 * The script that a word of Latin and Cyrillic letters was meant in: all letters of the one are look-alikes of the other's
 * (Вiдповiдь with Latin i, аpple with Cyrillic а). Where both have letters of their own (iPhoneом) or neither has, undefined.
 */
export function meantScript(word: string): 'latin' | 'cyrillic' | undefined {
  let latin = false;
  let cyrillic = false;
  for (const letter of word) {
    if (/\p{Script=Latin}/u.test(letter)) latin ||= !TO_CYRILLIC.has(letter);
    else if (/\p{Script=Cyrillic}/u.test(letter)) cyrillic ||= !LOOKALIKE_CYRILLIC.has(letter);
  }
  return latin === cyrillic ? undefined : latin ? 'latin' : 'cyrillic';
}
