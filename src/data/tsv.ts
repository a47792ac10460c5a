import { readLines } from './lines.js';
import type { Row } from './rows.js';
import { decodeUtf8 } from './utf8.js';

/**
 * Rows of a file of lines with tabs between their columns, which are called 0, 1 and so on: such files (MGSM's) have no line of
 * names. Nothing is quoted; blank lines are passed over.
 */
export async function* readTsvRows(bytes: AsyncIterable<Buffer>): AsyncGenerator<Row> {
  for await (const { number: line, ...content } of readLines(bytes)) {
    if (content.bytes === undefined) {
      yield { line, reason: 'the line is too long' };
      continue;
    }
    const decoded = decodeUtf8(content.bytes);
    if ('invalidAt' in decoded) yield { line, reason: `invalid UTF-8 at byte ${decoded.invalidAt}` };
    else if (decoded.text.trim() !== '') yield { line, value: { ...decoded.text.split('\t') } };
  }
}
