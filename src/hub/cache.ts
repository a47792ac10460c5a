import { copyFile, link, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { dirname, join, relative } from 'node:path';
import { ioError, writeFileAtomic } from '../base/atomic.js';
import { makeFolder } from '../base/folder.js';
import { readText } from '../base/read_file.js';
import type { HubId } from './id.js';
import type { HubSettings } from './settings.js';

/**
 * The Python library's layout of a repository below the cache folder:
 *
 *     models--org--name/blobs/<sha256, or git's sha1>      the bytes, once
 *                       blobs/<the same>.incomplete        what has come so far
 *                       snapshots/<commit>/<path>          symbolic links to the blobs
 *                       refs/<revision>                    the commit it stood for when last asked
 *     .locks/models--org--name/
 */
export class CachedRepository {
  readonly folder: string;
  private readonly locks: string;

  readonly cache: string;
  private readonly symlinks: boolean;

  constructor(
    { cache, symlinks }: Pick<HubSettings, 'cache' | 'symlinks'>,
    readonly id: HubId,
  ) {
    this.cache = cache;
    this.symlinks = symlinks;
    const name = [`${id.type}s`, ...id.id.split('/')].join('--');
    this.folder = join(cache, name);
    this.locks = join(cache, '.locks', name);
  }

  blob(name: string): string {
    return join(this.folder, 'blobs', name);
  }

  partial(name: string): string {
    return `${this.blob(name)}.incomplete`;
  }

  /** Ours: the file `<name>.lock` is the Python library's, which locks it by a call that Node does not have. */
  lock(name: string): string {
    return join(this.locks, `${name}.glossa.lock`);
  }

  snapshot(commit: string): string {
    return join(this.folder, 'snapshots', commit);
  }

  /** The commit of a revision: itself where it is one, else what the cache noted. */
  async commitOf(revision: string): Promise<string | undefined> {
    if (isCommit(revision)) return revision;
    const text = (await readText(join(this.folder, 'refs', revision)).catch(() => '')).trim();
    return isCommit(text) ? text : undefined;
  }

  async writeRef(revision: string, commit: string): Promise<void> {
    if (isCommit(revision) || (await this.commitOf(revision)) === commit) return;
    const path = join(this.folder, 'refs', revision);
    await makeFolder(dirname(path));
    await writeFileAtomic(path, commit);
  }

  /** Folders that downloads need, and the mark that makes backups leave a cache out. */
  async prepare(): Promise<void> {
    await makeFolder(join(this.folder, 'blobs'));
    await makeFolder(this.locks);
    const tag = 'Signature: 8a477f597d28d172789f06886806bc55\n# A cache of files of the Hugging Face hub.\n';
    await writeFile(join(this.cache, 'CACHEDIR.TAG'), tag, { flag: 'wx' }).catch(() => undefined);
  }

  /** Puts a blob into a snapshot: by a symbolic link, else by a hard one, else as a copy. Without a blob the file itself is there. */
  async place(blob: string, commit: string, path: string): Promise<void> {
    const place = join(this.snapshot(commit), path);
    const target = relative(dirname(place), this.blob(blob));
    if ((await readlink(place).catch(() => undefined)) === target) return;
    if (!(await stat(this.blob(blob)).catch(() => undefined))) return;
    await makeFolder(dirname(place));
    const temporary = `${place}.${randomBytes(4).toString('hex')}.tmp`;
    try {
      await (this.symlinks ? symlink(target, temporary) : Promise.reject(new Error('not wanted')))
        .catch(() => link(this.blob(blob), temporary))
        .catch(() => copyFile(this.blob(blob), temporary));
      await rename(temporary, place);
    } catch (error) {
      throw ioError('write', place, error);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** The whole file where it is there already: its blob, or (of a cache without links) the file in the snapshot. */
  async find(blob: string, size: number, commit: string, path: string): Promise<string | undefined> {
    for (const candidate of [this.blob(blob), join(this.snapshot(commit), path)]) {
      const found = await stat(candidate).catch(() => undefined);
      if (found?.isFile() && found.size === size) return candidate;
    }
    return undefined;
  }

  /** Bytes of it that have come so far. */
  async partialSize(blob: string): Promise<number> {
    return (await stat(this.partial(blob)).catch(() => undefined))?.size ?? 0;
  }
}

export function isCommit(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}
