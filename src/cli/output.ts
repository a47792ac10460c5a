import { access, constants, stat } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';
import { ioError } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';

/**
 * The format that the ending of an `--out` asks for, and whether it can be written there: known before anything is computed.
 *
 * @param formats endings that the command can write, the usual one first.
 *
 * @throws GlossaError USAGE for another ending or a folder, IO_ERROR where the file's folder is missing or not writable.
 */
export async function tableOutput<F extends string>(path: string, formats: readonly [F, ...F[]]): Promise<F> {
  const ending = extname(path).toLowerCase();
  const name = basename(path);
  const format = formats.find((each) => `.${each}` === ending);
  if (format === undefined)
    throw new GlossaError(
      'USAGE',
      `--out ${path}: cannot write ${ending === '' ? 'a name without an ending' : ending}`,
      {
        hint: `give a name that ends in ${formats.map((each) => `.${each}`).join(' or ')}, for example ${name.slice(0, name.length - ending.length) || 'rows'}.${formats[0]}`,
      },
    );
  const there = await stat(path).catch(() => undefined);
  if (there && !there.isFile()) throw new GlossaError('USAGE', `--out ${path}: is there, and is no file`);
  await access(dirname(path), constants.W_OK).catch((error: unknown) => {
    throw ioError('write', path, error);
  });
  return format;
}
