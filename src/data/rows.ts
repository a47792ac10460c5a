import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { pipeline } from 'node:stream';
import { parseJsonLine } from './json.js';
import { MAX_LINE_BYTES, readLines } from './lines.js';

/** A row of a file: its line (or row number) and what stands there, or why nothing could be read. */
export type Row = { line: number } & ({ value: unknown } | { reason: string; column?: number });

/** Rows of a JSONL file, or of a gzip of one, streamed; blank lines are passed over. Errors of the file itself are thrown. */
export async function* readJsonlRows(path: string | NodeJS.ReadableStream, gzip: boolean): AsyncGenerator<Row> {
  const file = typeof path === 'string' ? createReadStream(path, { highWaterMark: 1 << 18 }) : path;
  // The error of a pipeline's part reaches the reader as the last stream's.
  const bytes = gzip ? pipeline(file, createGunzip(), () => undefined) : file;
  for await (const { number: line, offset, ...content } of readLines(bytes as AsyncIterable<Buffer>)) {
    if (content.bytes === undefined) {
      yield {
        line,
        reason: `a line of ${megabytes(content.length)} MB; lines up to ${megabytes(MAX_LINE_BYTES)} MB are read`,
      };
    } else if (content.bytes.some((byte) => byte !== 0x20 && byte !== 0x09)) {
      yield { line, ...parseJsonLine(content.bytes, offset) };
    }
  }
}

function megabytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
