import { access, constants, stat } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';
import { ioError } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';

export type TableFormat = 'parquet' | 'jsonl';

/**
 * The format that the ending of an `--out` asks for, and whether it can be written there: known before anything is computed.
 *
 * @throws GlossaError USAGE for another ending or a folder, IO_ERROR where the file's folder is missing or not writable.
 */
export async function tableOutput(path: string): Promise<TableFormat> {
  const ending = extname(path).toLowerCase();
  const name = basename(path);
  if (ending !== '.parquet' && ending !== '.jsonl')
    throw new GlossaError(
      'USAGE',
      `--out ${path}: cannot write ${ending === '' ? 'a name without an ending' : ending}`,
      {
        hint: `give a name that ends in .parquet or .jsonl, for example ${name.slice(0, name.length - ending.length) || 'rows'}.parquet`,
      },
    );
  const there = await stat(path).catch(() => undefined);
  if (there && !there.isFile()) throw new GlossaError('USAGE', `--out ${path}: is there, and is no file`);
  await access(dirname(path), constants.W_OK).catch((error: unknown) => {
    throw ioError('write', path, error);
  });
  return ending === '.parquet' ? 'parquet' : 'jsonl';
}
