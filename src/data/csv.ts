import { GlossaError } from '../base/error.js';
import { MAX_LINE_BYTES } from './lines.js';
import type { Row } from './rows.js';
import { decodeUtf8 } from './utf8.js';

const [QUOTE, COMMA, LF, CR] = [0x22, 0x2c, 0x0a, 0x0d];
const NOTHING = Buffer.alloc(0);
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** A record: the line it begins on, and its fields; or why it is none. */
type CsvRecord = { line: number } & ({ fields: Buffer[]; quoted: boolean[] } | { reason: string });

/**
 * Rows of a CSV file as RFC 4180 has it: commas, fields in double quotes with `""` for a quote, line breaks within quotes; lines
 * ended by CRLF, LF or CR. The first record names the columns. An empty field that is not quoted is missing (null); blank
 * lines are passed over. A row is known by the line it begins on.
 *
 * @throws GlossaError DATA_FORMAT for a first record that is no header; DATA_UNREADABLE for a quote that is never closed.
 */
export async function* readCsvRows(path: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Row> {
  let names: string[] | undefined;
  for await (const record of readCsv(path, chunks)) {
    const { line } = record;
    if (!('fields' in record)) {
      yield { line, reason: record.reason };
      continue;
    }
    const { fields, quoted } = record;
    const texts: string[] = [];
    let invalid: number | undefined;
    for (const field of fields) {
      const decoded = decodeUtf8(field);
      if ('text' in decoded) texts.push(decoded.text);
      else {
        invalid = decoded.invalidAt;
        break;
      }
    }
    if (names === undefined) {
      if (invalid !== undefined) throw new GlossaError('DATA_FORMAT', `${path}: the line of names is not UTF-8`);
      names = headerOf(path, texts);
    } else if (invalid !== undefined)
      yield { line, reason: `invalid UTF-8 at byte ${invalid} of the field "${names[texts.length] ?? texts.length}"` };
    else if (texts.length !== names.length)
      yield { line, reason: `${texts.length} fields, and the first line names ${names.length}` };
    else
      yield {
        line,
        value: Object.fromEntries(names.map((name, i) => [name, texts[i] === '' && !quoted[i]! ? null : texts[i]])),
      };
  }
}

function headerOf(path: string, names: string[]): string[] {
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice === undefined) return names;
  throw new GlossaError('DATA_FORMAT', `${path}: the first line names the column ${JSON.stringify(twice)} twice`, {
    hint: 'a CSV file begins with the names of its columns',
  });
}

/** Records of a CSV file, its header among them. At most MAX_LINE_BYTES of one are held. */
export async function* readCsv(path: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<CsvRecord> {
  // `row`, `field`: nothing of it was read yet. `closed`: after a quote that ends a field, or is the first of two that are one.
  let state: 'row' | 'field' | 'plain' | 'quoted' | 'closed' | 'broken' = 'row';
  let parts: Buffer[] = [];
  let fields: Buffer[] = [];
  let quoted: boolean[] = [];
  let bytes = 0;
  let reason = '';
  let [line, begin] = [1, 1];

  const hold = (part: Buffer): void => {
    bytes += part.length;
    if (bytes > MAX_LINE_BYTES) [parts, fields, quoted] = [[], [], []];
    else if (part.length > 0) parts.push(part);
  };
  const endField = (): void => {
    bytes++; // its comma: a row of nothing else is not held either
    if (bytes > MAX_LINE_BYTES) {
      if (parts.length + fields.length > 0) [parts, fields, quoted] = [[], [], []];
      return;
    }
    fields.push(parts.length === 0 ? NOTHING : parts.length === 1 ? parts[0]! : Buffer.concat(parts));
    quoted.push(state === 'closed');
    parts = [];
  };
  const endRecord = (): CsvRecord => {
    if (state !== 'broken') endField();
    else if (reason === '') reason = 'a field goes on after its closing quote';
    if (bytes > MAX_LINE_BYTES) reason = `a row of more than ${MAX_LINE_BYTES / 2 ** 20} MB`;
    const record = { line: begin, ...(reason === '' ? { fields, quoted } : { reason }) };
    [parts, fields, quoted, bytes, reason, state] = [[], [], [], 0, '', 'row'];
    return record;
  };

  let [isFirst, afterCr] = [true, false];
  for await (const whole of chunks) {
    const chunk: Buffer = isFirst && whole.subarray(0, 3).equals(BYTE_ORDER_MARK) ? whole.subarray(3) : whole;
    isFirst = false;
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (byte === LF && afterCr) {
        // The rest of CRLF: within quotes a part of the field, else of the line end that was taken for one at CR.
        afterCr = false;
        if (state !== 'quoted') from = at + 1;
        continue;
      }
      afterCr = byte === CR;
      if (byte === LF || byte === CR) {
        line++;
        if (state === 'quoted') continue;
        if (state === 'plain') hold(chunk.subarray(from, at));
        if (state !== 'row') yield endRecord();
        begin = line;
        from = at + 1;
        continue;
      }
      switch (state) {
        case 'row':
        case 'field':
          from = at;
          if (byte === QUOTE) [state, from] = ['quoted', at + 1];
          else if (byte === COMMA) {
            endField();
            state = 'field';
          } else state = 'plain';
          break;
        case 'plain':
          if (byte !== COMMA) break;
          hold(chunk.subarray(from, at));
          endField();
          state = 'field';
          break;
        case 'quoted':
          if (byte !== QUOTE) break;
          hold(chunk.subarray(from, at));
          state = 'closed';
          break;
        case 'closed':
          if (byte === COMMA) {
            endField();
            state = 'field';
          } else if (byte === QUOTE)
            [state, from] = ['quoted', at]; // one of the two is the quote that is meant
          else state = 'broken';
          break;
        case 'broken':
      }
    }
    if (state === 'quoted' || state === 'plain') hold(chunk.subarray(from));
  }
  if ((state as string) === 'quoted')
    throw new GlossaError('DATA_UNREADABLE', `${path}:${begin}: a quote of the row that begins here is never closed`, {
      hint: 'a quote within quotes is written twice',
    });
  if (state !== 'row') yield endRecord();
}
