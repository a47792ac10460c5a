/** White space as Python's `str.strip`, `str.split` and `\s` know it, which is not JavaScript's. */
export const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

const spaces = new Set<number>();
for (let code = 0; code <= 0x3000; code++) {
  if (new RegExp(`[${SPACE}]`).test(String.fromCharCode(code))) spaces.add(code);
}

export const isSpace = (code: number): boolean => spaces.has(code);

/** Where white space that begins at `from` ends. */
export function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** Where the text ends before its trailing white space. */
export function spaceStart(text: string): number {
  let at = text.length;
  while (at > 0 && isSpace(text.charCodeAt(at - 1))) at--;
  return at;
}
