import { createReadStream } from 'node:fs';
import { GlossaError } from '../base/error.js';
import type { ResolvedConfig } from '../config/index.js';
import { exactText, fieldOf, isDataFile, openRows, readLines, type Held, type OnLeak } from '../data/index.js';
import { decodeUtf8 } from '../data/utf8.js';
import { globExpression } from './glob.js';

type HoldOut = ResolvedConfig['data']['hold_out'][number];

/**
 * What a run must not be trained on, and what happens where it is. A run that goes on is not refused for what it was begun with
 * (`resumed`): it warns.
 *
 * @throws GlossaError those of {@link heldIds}.
 */
export async function heldOutOf(
  { data }: Pick<ResolvedConfig, 'data'>,
  suites: Held['suites'],
  resumed: boolean,
): Promise<{ held: Held; onLeak: OnLeak }> {
  return {
    held: { suites, ids: await Promise.all(data.hold_out.map(heldIds)) },
    onLeak: resumed && data.on_leak === 'refuse' ? 'warn' : data.on_leak,
  };
}

/**
 * Ids that a `data.hold_out` entry names: a pattern of ids, or a file of them, one a line or in the column `id` of a data file.
 *
 * @throws GlossaError DATA_NOT_FOUND, DATA_UNREADABLE, DATA_EMPTY where the file has no id.
 */
async function heldIds({
  ids: path,
  field,
  pattern,
}: HoldOut): Promise<{ name: string; has: (id: string) => boolean }> {
  if (pattern !== undefined) {
    const expression = globExpression(pattern);
    return { name: pattern, has: (id) => expression.test(id) };
  }
  const ids = new Set(await collect(isDataFile(path!) ? idsOfRows(path!, field) : idsOfLines(path!)));
  if (ids.size === 0)
    throw new GlossaError('DATA_EMPTY', `${path!} has no ids to hold out`, {
      hint: 'one id a line, or a data file; `field` names its column of ids',
    });
  return { name: path!, has: (id) => ids.has(id) };
}

async function collect(ids: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const id of ids) all.push(id);
  return all;
}

async function* idsOfRows(path: string, field: string): AsyncGenerator<string> {
  for await (const row of openRows(path, [field])) {
    const id = 'value' in row ? fieldOf(row.value as Record<string, unknown>, field) : undefined;
    if (typeof id === 'string') yield id;
    else if (typeof id === 'number' || typeof id === 'bigint') {
      const text = exactText(id);
      if (typeof text === 'string') yield text;
    } else
      throw new GlossaError('DATA_BAD_ROW', `${path}:${String(row.line)}: field "${field}" is no id`, {
        hint: 'name the column of ids in `field` of data.hold_out',
      });
  }
}

async function* idsOfLines(path: string): AsyncGenerator<string> {
  try {
    for await (const { number, bytes } of readLines(createReadStream(path) as AsyncIterable<Buffer>)) {
      const decoded = bytes && decodeUtf8(bytes);
      if (decoded === undefined || !('text' in decoded) || decoded.text.includes('\0'))
        throw new GlossaError('DATA_BAD_ROW', `${path}:${String(number)}: is no id, expected UTF-8 text`, {
          hint: 'data.hold_out: a text file of ids, one a line, or a data file that ends in .jsonl, .jsonl.gz, .parquet, .csv or .tsv',
        });
      const id = decoded.text.trim();
      if (id !== '') yield id;
    }
  } catch (cause) {
    if (cause instanceof GlossaError) throw cause;
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new GlossaError(missing ? 'DATA_NOT_FOUND' : 'DATA_UNREADABLE', `${path}: ${(cause as Error).message}`, {
      cause,
      hint: 'data.hold_out: a file of ids, one a line',
    });
  }
}
