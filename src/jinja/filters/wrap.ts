import { characters, lengthOf } from '../characters.js';
import { failure } from '../fault.js';

export interface WrapStyle {
  width: number;
  breakLong: boolean;
  hyphens: boolean;
}

const SPACES = /([\t\n\v\f\r ]+)/;
/** Words and the spaces between them, where Python's textwrap may break a line. */
const CHUNKS =
  /([\t\n\v\f\r ]+|(?<=[\p{L}\p{N}_!"'&.,?])-{2,}(?=[\p{L}\p{N}_])|[^\t\n\v\f\r ]+?(?:-(?:(?<=[\p{L}_]{2}-)|(?<=[\p{L}_]-[\p{L}_]-))(?=[\p{L}_]-?[\p{L}_])|(?=[\t\n\v\f\r ]|$)|(?<=[\p{L}\p{N}_!"'&.,?])(?=-{2,}[\p{L}\p{N}_])))/u;

/** Python's `textwrap.wrap` without changes to tabs and white space. */
export function wrapText(text: string, { width, breakLong, hyphens }: WrapStyle): string[] {
  if (width <= 0) throw failure(`invalid width ${String(width)} (must be > 0)`);
  const chunks = text
    .split(hyphens ? CHUNKS : SPACES)
    .filter((chunk) => chunk !== '')
    .reverse();
  const lines: string[] = [];
  while (chunks.length > 0) {
    const line: string[] = [];
    let length = 0;
    if (chunks.at(-1)!.trim() === '' && lines.length > 0) chunks.pop();
    while (chunks.length > 0 && length + lengthOf(chunks.at(-1)!) <= width) {
      length += lengthOf(chunks.at(-1)!);
      line.push(chunks.pop()!);
    }
    if (chunks.length > 0 && lengthOf(chunks.at(-1)!) > width)
      breakChunk(chunks, line, width - length, breakLong, hyphens);
    if (line.length > 0 && line.at(-1)!.trim() === '') line.pop();
    if (line.length > 0) lines.push(line.join(''));
  }
  return lines;
}

/** Takes what fits of a word that is longer than a line. */
function breakChunk(chunks: string[], line: string[], space: number, breakLong: boolean, hyphens: boolean): void {
  if (!breakLong) {
    if (line.length === 0) line.push(chunks.pop()!);
    return;
  }
  const all = characters(chunks.at(-1)!);
  let end = Math.max(0, space);
  if (hyphens && all.length > end) {
    const hyphen = all.lastIndexOf('-', end - 1);
    if (hyphen > 0 && all.slice(0, hyphen).some((character) => character !== '-')) end = hyphen + 1;
  }
  line.push(all.slice(0, end).join(''));
  chunks[chunks.length - 1] = all.slice(end).join('');
}
