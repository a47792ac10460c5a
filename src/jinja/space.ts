/** First and last codes of white space as Python's `str.strip`, `str.split` and `\s` know it, which is not JavaScript's. */
const RANGES = [
  { first: 0x09, last: 0x0d },
  { first: 0x1c, last: 0x20 },
  { first: 0x85, last: 0x85 },
  { first: 0xa0, last: 0xa0 },
  { first: 0x1680, last: 0x1680 },
  { first: 0x2000, last: 0x200a },
  { first: 0x2028, last: 0x2029 },
  { first: 0x202f, last: 0x202f },
  { first: 0x205f, last: 0x205f },
  { first: 0x3000, last: 0x3000 },
];

const escaped = (code: number): string => `\\u${code.toString(16).padStart(4, '0')}`;

/** White space, to stand in a class of a regular expression. */
export const SPACE = RANGES.map(({ first, last }) => `${escaped(first)}-${escaped(last)}`).join('');

const spaces = new Set(
  RANGES.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i)),
);

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
