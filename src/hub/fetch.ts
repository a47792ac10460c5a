import { readdir, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { GlossaError } from '../base/error.js';
import { CachedRepository } from './cache.js';
import { chooseFiles, type Choice } from './choose.js';
import { download, mismatch } from './download.js';
import { checkName, hubIdText, type HubId } from './id.js';
import { complete, listFiles, type Digest, type KnownFile } from './listing.js';
import type { Hub } from './request.js';
import { findSnapshot, missingModelFiles } from './resolve.js';
import { realClock, stopIfAborted, type Clock } from './retry.js';
import { hubSettings, type HubSettings } from './settings.js';

export interface FetchProgress {
  filesDone: number;
  files: number;
  /** Bytes that are here, of `bytes` in all. */
  have: number;
  bytes: number;
  /** Bytes that came over the network. */
  received: number;
}

export interface FetchOptions extends Partial<Choice> {
  /** Default: from the environment. */
  settings?: HubSettings;
  signal?: AbortSignal;
  /** Only say what would be fetched; nothing is written. */
  dryRun?: boolean;
  /** Check the hashes of files that are there already. */
  verify?: boolean;
  /** Files at a time; default 4. */
  jobs?: number;
  onProgress?: (progress: FetchProgress) => void;
  /** Told of failures that are tried again, and of waiting. */
  note?: (message: string) => void;
  clock?: Clock;
}

export interface FetchedFile {
  path: string;
  /** Bytes. */
  size: number;
  /** The hub's; undefined offline. */
  digest: Digest | undefined;
  /** Whether it was there before. */
  cached: boolean;
}

export interface Fetched {
  id: HubId;
  commit: string;
  /** The snapshot: a folder to open models and data sets from. */
  dir: string;
  files: FetchedFile[];
  /** Of all files. */
  bytes: number;
  /** That came over the network now. */
  received: number;
}

/**
 * Downloads a repository's files into the hub's cache, in the Python library's layout, and finds those that are there. The
 * snapshot's links and the revision's ref appear after all files are whole.
 *
 * @throws GlossaError HUB_DENIED, HUB_NOT_FOUND, HUB_REFUSED, HUB_BUSY, HUB_UNREACHABLE, HUB_TLS, HUB_LISTING, HUB_NAME,
 *   HUB_NO_SAFETENSORS, HUB_NO_FILES, HUB_DISK, HUB_HASH, HUB_LOCKED, HUB_OFFLINE, HUB_SETTINGS, IO_ERROR, ABORTED.
 */
export async function fetchRepository(id: HubId, options: FetchOptions = {}): Promise<Fetched> {
  const settings = options.settings ?? hubSettings();
  const choice: Choice = { include: options.include ?? [], exclude: options.exclude ?? [] };
  if (settings.offline) return fromCache(id, settings, choice);
  const stop = new AbortController();
  const hub: Hub = {
    settings,
    clock: options.clock ?? realClock,
    signal: options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal,
    note: options.note ?? (() => undefined),
  };
  const listing = await listFiles(hub, id);
  const chosen = chooseFiles(listing.files, id.type, choice, hubIdText(id));
  for (const { path } of chosen) checkName(path, hubIdText(id));
  const { commit } = listing;
  const jobs = options.jobs ?? 4;
  const files = await parallel(chosen, jobs, stop, (file) => complete(hub, id, commit, file));

  const repository = new CachedRepository(settings, id);
  const present = new Set<string>();
  await parallel(files, jobs, stop, async (file) => {
    const { digest, size, path } = file;
    const there = await repository.find(digest.hex, size, commit, path);
    const fault = there && options.verify && (await mismatch(there, file, hub.signal));
    if (fault) {
      hub.note(`${path}: what is in the cache is damaged: ${fault}`);
      if (!options.dryRun) await rm(there, { force: true });
    } else if (there) present.add(path);
  });
  const progress = new Progress(distinctBlobs(files), options.onProgress);
  const result = {
    id,
    commit,
    dir: repository.snapshot(commit),
    files: files.map((file) => ({ ...file, cached: present.has(file.path) })),
    bytes: sum(files),
  };
  if (options.dryRun) return { ...result, received: 0 };

  const wanted = distinctBlobs(files.filter(({ path }) => !present.has(path)));
  await checkSpace(repository, wanted);
  await repository.prepare();
  for (const file of files) if (present.has(file.path)) progress.set(file, file.size, 0);
  await parallel(wanted, jobs, stop, (file) => {
    const tell = (have: number, received: number) => {
      progress.set(file, have, received);
    };
    return download({ hub, repository, commit, file, tell });
  });
  stopIfAborted(hub.signal);
  for (const { path, digest } of files) await repository.place(digest.hex, commit, path);
  await repository.writeRef(id.revision, commit);
  return { ...result, received: progress.received };
}

/** What the cache has, where the network may not be asked. */
async function fromCache(id: HubId, settings: HubSettings, choice: Choice): Promise<Fetched> {
  const snapshot = await findSnapshot(settings, id);
  const refuse = (what: string) =>
    new GlossaError('HUB_OFFLINE', `${hubIdText(id)}: ${what}, and HF_HUB_OFFLINE forbids to ask the hub`, {
      hint: `HF_HUB_OFFLINE=0 npx glossa fetch ${hubIdText(id)}`,
    });
  if (!snapshot) throw refuse(`not in the cache ${settings.cache}`);
  if (id.type === 'model' && choice.include.length === 0) {
    const missing = await missingModelFiles(snapshot.dir);
    if (missing.length > 0) throw refuse(`${missing.join(', ')} not in the cache (${snapshot.dir})`);
  }
  const entries = await readdir(snapshot.dir, { withFileTypes: true, recursive: true });
  const paths = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => ({ path: relative(snapshot.dir, join(entry.parentPath, entry.name)) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const files: FetchedFile[] = [];
  for (const { path } of chooseFiles(paths, id.type, choice, `${hubIdText(id)} in the cache`)) {
    const found = await stat(join(snapshot.dir, path)).catch(() => undefined);
    if (!found) throw refuse(`the link of ${path} leads to nothing`);
    files.push({ path, size: found.size, digest: undefined, cached: true });
  }
  return { id, ...snapshot, files, bytes: sum(files), received: 0 };
}

/** @throws GlossaError HUB_DISK where what is still to come does not fit. */
async function checkSpace(repository: CachedRepository, files: readonly KnownFile[]): Promise<void> {
  let needed = 0;
  for (const { digest, size } of files) needed += Math.max(0, size - (await repository.partialSize(digest.hex)));
  for (let dir = repository.folder; ; dir = dirname(dir)) {
    const disk = await statfs(dir).catch(() => undefined);
    if (disk && disk.bavail * disk.bsize < needed)
      throw new GlossaError(
        'HUB_DISK',
        `${repository.cache}: ${gigabytes(needed)} are to come, ${gigabytes(disk.bavail * disk.bsize)} are free`,
        { hint: 'free some space, or name a folder on another disk in HF_HUB_CACHE' },
      );
    if (disk || dir === dirname(dir)) return;
  }
}

/** Files of the same bytes are one blob. */
function distinctBlobs(files: readonly KnownFile[]): KnownFile[] {
  return [...new Map(files.map((file) => [file.digest.hex, file])).values()];
}

/** Runs over all items, `jobs` at a time. The first failure stops the others, and is thrown when all have stopped. */
async function parallel<T, R>(
  items: readonly T[],
  jobs: number,
  stop: AbortController,
  task: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  let next = 0;
  const work = async () => {
    while (next < items.length && failures.length === 0) {
      const i = next++;
      try {
        results[i] = await task(items[i]!);
      } catch (error) {
        failures.push(error);
        stop.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, items.length) }, work));
  if (failures.length > 0) throw failures[0];
  return results;
}

/** Counts over blobs as they grow. */
class Progress {
  received = 0;
  private filesDone = 0;
  private bytesHere = 0;
  private readonly here = new Map<string, number>();

  constructor(
    private readonly blobs: readonly KnownFile[],
    private readonly tell: FetchOptions['onProgress'],
  ) {}

  set({ digest, size }: KnownFile, have: number, received: number): void {
    const before = this.here.get(digest.hex) ?? -1;
    this.here.set(digest.hex, have);
    this.bytesHere += have - Math.max(0, before);
    this.filesDone += Number(have >= size) - Number(before >= size);
    this.received += received;
    const { filesDone, bytesHere } = this;
    this.tell?.({
      filesDone,
      files: this.blobs.length,
      have: bytesHere,
      bytes: sum(this.blobs),
      received: this.received,
    });
  }
}

function sum(files: readonly { size: number }[]): number {
  return files.reduce((total, { size }) => total + size, 0);
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
