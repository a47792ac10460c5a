/** A line of a file: its 1-based number, and its bytes without the line end; or that it was too long to be held. */
export type Line = { number: number; offset: number } & ({ bytes: Buffer } | { bytes: undefined; length: number });

/** Longest line that is read; a longer one is passed over without being held. */
export const MAX_LINE_BYTES = 16 * 2 ** 20;

const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Lines of a stream of bytes, ended by LF or CRLF, the last one possibly by nothing. A byte order mark at the start is dropped.
 * `offset` is the place of the line's first byte. At most MAX_LINE_BYTES and one chunk are held.
 */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let held = 0;
  let number = 1;
  let offset = 0;
  let position = 0;

  const finish = (end: number): Line => {
    const length = end - offset;
    let line: Line;
    if (length > MAX_LINE_BYTES) line = { number, offset, bytes: undefined, length };
    else {
      let bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
      if (bytes.at(-1) === 0x0d) bytes = bytes.subarray(0, -1);
      if (number === 1 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK)) bytes = bytes.subarray(3);
      line = { number, offset, bytes };
    }
    parts = [];
    held = 0;
    number++;
    offset = end + 1;
    return line;
  };

  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      hold(chunk.subarray(from, at));
      yield finish(position + at);
      from = at + 1;
    }
    hold(chunk.subarray(from));
    position += chunk.length;
  }
  if (position > offset) yield finish(position);

  function hold(part: Buffer): void {
    if (part.length === 0) return;
    held += part.length;
    // Past the limit only the length matters.
    if (held > MAX_LINE_BYTES) parts = [];
    else parts.push(part);
  }
}
