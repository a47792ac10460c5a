import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { GlossaError } from '../base/error.js';
import { isDataFile } from '../data/index.js';
import { globExpression, isPattern } from './glob.js';

/** Folders within a data set's are looked through so deep. */
const MOST_LEVELS = 4;

/**
 * The files that a `path` of data means, in the order of their names (numbers by their value): itself; those that a pattern in its
 * last part names; or of a folder those of `split`, whose name or folder has that word in it, as Hugging Face lays data sets out.
 *
 * @throws GlossaError DATA_NOT_FOUND where there is none; DATA_FORMAT where a folder has several kinds of data and it is not
 *   said which.
 */
export async function dataFiles(path: string, split?: string): Promise<string[]> {
  if (isPattern(basename(path))) {
    if (split !== undefined) throw noSplit(path, 'a pattern');
    return matching(path);
  }
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === true && split !== undefined) throw noSplit(path, 'a file');
  if (found?.isDirectory() !== true) return [path];
  return ofFolder(path, split);
}

const noSplit = (path: string, what: string): GlossaError =>
  new GlossaError('DATA_FORMAT', `${path} is ${what}, and \`split\` is of folders`, {
    hint: 'leave split out, or name the folder',
  });

const unreadable = (folder: string, cause: Error): GlossaError =>
  new GlossaError('DATA_UNREADABLE', `${folder} cannot be read: ${cause.message}`, { cause });

async function matching(path: string): Promise<string[]> {
  const folder = dirname(path);
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined;
    throw unreadable(folder, cause);
  });
  const expression = globExpression(basename(path));
  const files = (names ?? []).filter((name) => expression.test(name) && isDataFile(name));
  if (files.length > 0) return inOrder(files).map((name) => join(folder, name));
  const data = inOrder((names ?? []).filter((name) => isDataFile(name)));
  throw new GlossaError('DATA_NOT_FOUND', `${path}: no data file of ${folder} has such a name`, {
    hint: names === undefined ? `there is no folder ${folder}` : `it has ${listed(data)}`,
  });
}

async function ofFolder(path: string, split: string | undefined): Promise<string[]> {
  const files = inOrder(await below(path, MOST_LEVELS)).map((file) => relative(path, file));
  const word = split === undefined ? undefined : globExpression(split).source.slice(1, -1);
  const named =
    word === undefined
      ? files
      : files.filter((file) => new RegExp(`(^|[^A-Za-z0-9])${word}([^A-Za-z0-9]|$)`).test(file));
  const folders = [...new Set(named.map((file) => dirname(file)))];
  const what = split === undefined ? 'data' : `split ${split}`;
  if (named.length === 0)
    throw new GlossaError('DATA_NOT_FOUND', `${path}: the folder has no files of ${what}`, {
      hint: `it has ${listed(files)}`,
    });
  if (folders.length > 1)
    throw new GlossaError('DATA_FORMAT', `${path}: files of ${what} lie in several folders: ${listed(folders)}`, {
      hint: `name one of them as path, ${join(
        path,
        folders.find((folder) => folder !== '.')!,
      )}, or their files with a pattern, ${join(path, '*.jsonl')}`,
    });
  if (split === undefined && named.length > 1)
    throw new GlossaError('DATA_FORMAT', `${path} is a folder of several data files: ${listed(named)}`, {
      hint: 'say which with `split: train`, or with a pattern as path, such as `data/train-*.parquet`',
    });
  return named.map((file) => join(path, file));
}

/** Of a folder and those in it; links to folders are gone through as folders are, but for those that lead back up. */
async function below(folder: string, levels: number, above: readonly string[] = []): Promise<string[]> {
  const real = await realpath(folder);
  if (above.includes(real)) return [];
  const all = await readdir(folder, { withFileTypes: true }).catch((cause: Error) => {
    throw unreadable(folder, cause);
  });
  const entries = all.filter(({ name }) => !name.startsWith('.'));
  const inner = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      // The hub's cache has links in the place of files.
      const isFolder = entry.isSymbolicLink()
        ? (await stat(path).catch(() => undefined))?.isDirectory() === true
        : entry.isDirectory();
      if (isFolder) return levels > 0 ? below(path, levels - 1, [...above, real]) : [];
      return isDataFile(entry.name) ? [path] : [];
    }),
  );
  return inner.flat();
}

const inOrder = (names: readonly string[]): string[] =>
  [...names].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }) || (a < b ? -1 : 1));

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  return names.slice(0, 8).join(', ') + (names.length > 8 ? ', ...' : '');
}
