/**
 * Text of somebody else's (a file's name, a row, a message of the system) as a terminal may show it: control characters, and
 * those that turn the direction of writing, are written out (`\x1b`, `\u202e`), so that they do nothing. Newlines and tabs stay.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0)!;
    if (code === 0x0d) return '\\r';
    return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
  });
}

/**
 * C0 but tab and newline, DEL, C1; the separators that some terminals take for newlines; the marks and overrides of
 * direction; halves of surrogate pairs.
 */
const UNPRINTABLE =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0');
