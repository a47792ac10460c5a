import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { ioError, syncDirectory } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';
import { LockClaim, type Lock } from '../base/lock.js';
import type { CachedRepository } from './cache.js';
import { fileUrl, subjectOf, type Digest, type KnownFile } from './listing.js';
import { request, type Answer, type Hub } from './request.js';
import { retrying, stopIfAborted, Transient } from './retry.js';

export interface DownloadTask {
  hub: Hub;
  repository: CachedRepository;
  commit: string;
  file: KnownFile;
  /** Bytes of the file that are here now, and those of them that have just come. */
  tell: (have: number, received: number) => void;
}

/** After this much a dropped connection counts as a new failure, not as one more in a row. */
const PROGRESS_BYTES = 1 << 20;
/** A process on another machine whose partial file does not grow for so long is not waited for. */
const LOCK_PATIENCE = 120_000;

/**
 * Brings one blob into the cache: goes on where an earlier download stopped, checks the hash of what then lies on the disk,
 * and gives it its name when it is right. Wrong bytes are thrown away and fetched once more from zero.
 *
 * @throws GlossaError HUB_HASH, HUB_LOCKED, IO_ERROR, those of request and retrying.
 */
export async function download(task: DownloadTask): Promise<void> {
  const { repository, commit, file, hub, tell } = task;
  const name = file.digest.hex;
  const lock = await waitForLock(task);
  try {
    if (await repository.find(name, file.size, commit, file.path)) {
      tell(file.size, 0); // another process has fetched it while this one waited
      return;
    }
    const partial = repository.partial(name);
    let fault: string | undefined;
    for (let attempt = 0; attempt < 2; attempt++) {
      fault = (await receive(task, partial)) ?? (await mismatch(partial, file, hub.signal));
      if (fault === undefined) {
        await rename(partial, repository.blob(name));
        await syncDirectory(dirname(partial));
        return;
      }
      await rm(partial, { force: true });
      tell(0, 0);
      if (attempt === 0) hub.note(`${file.path}: ${fault}; once more from its beginning`);
    }
    throw new GlossaError('HUB_HASH', `${subjectOf(hub, repository.id).repository}: ${file.path}: ${fault!}`, {
      hint: 'the bytes came wrong twice and were thrown away: a mirror or proxy on the way may alter them; look at HF_ENDPOINT',
    });
  } catch (error) {
    throw error instanceof Error && 'code' in error && 'syscall' in error ? ioError('write', file.path, error) : error;
  } finally {
    await lock.release();
  }
}

/** Fetches what is missing of the file. @returns why it cannot become right, if so. */
async function receive(task: DownloadTask, partial: string): Promise<string | undefined> {
  const { hub, repository, commit, file, tell } = task;
  const handle = await open(partial, constants.O_WRONLY | constants.O_CREAT, 0o666);
  try {
    return await retrying(async () => {
      let from = (await handle.stat()).size;
      if (from > file.size) from = await startOver(handle);
      tell(from, 0);
      if (from < file.size) {
        const subject = subjectOf(hub, repository.id, file.path);
        const asked = { subject, ...(from > 0 && { range: from }) };
        const fault = await request(hub, fileUrl(hub, repository.id, commit, file.path), asked, async (answer) =>
          write(answer, await startOf(answer, from, handle, file), handle, task),
        );
        if (fault !== undefined) return fault;
      }
      await handle.sync();
      return undefined;
    }, hub);
  } finally {
    await handle.close();
  }
}

async function startOver(handle: FileHandle): Promise<0> {
  await handle.truncate(0);
  return 0;
}

/** Where the bytes of an answer belong: where we asked for, or the beginning where the whole file comes. */
async function startOf(
  { status, headers }: Answer,
  from: number,
  handle: FileHandle,
  file: KnownFile,
): Promise<number> {
  if (status === 200) return startOver(handle);
  const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
  if (status === 206 && Number(first) === from && (total === '*' || Number(total) === file.size)) return from;
  await startOver(handle);
  throw new Transient('HUB_BUSY', `${file.path}: the hub does not go on from byte ${String(from)}`, 0);
}

/** Writes the body at `start`. @returns why the file cannot become right, if so. */
async function write(
  { body }: Answer,
  start: number,
  handle: FileHandle,
  { file, tell }: DownloadTask,
): Promise<string | undefined> {
  let at = start;
  try {
    for await (const chunk of body) {
      if (at + chunk.length > file.size) return `more than the ${String(file.size)} bytes that the hub announced came`;
      for (let done = 0; done < chunk.length;) {
        done += (await handle.write(chunk, done, chunk.length - done, at + done)).bytesWritten;
      }
      at += chunk.length;
      tell(at, chunk.length);
    }
    if (at === file.size) return undefined;
    throw new Transient(
      'HUB_UNREACHABLE',
      `${file.path}: the answer ended after ${String(at)} of ${String(file.size)} bytes`,
    );
  } catch (error) {
    // All is here, though a length promised more: the hash decides.
    if (error instanceof Transient && at === file.size) return undefined;
    if (error instanceof Transient && at - start >= PROGRESS_BYTES)
      throw new Transient(error.code, error.message, error.wait, true);
    throw error;
  }
}

/** What is wrong with a file's bytes; undefined where its hash is the hub's. */
export async function mismatch(
  path: string,
  { size, digest }: KnownFile,
  signal: AbortSignal,
): Promise<string | undefined> {
  const found = await digestOfFile(path, size, digest.algorithm, signal);
  return found === digest.hex ? undefined : `expected ${digest.algorithm} ${digest.hex}, got ${found}`;
}

async function digestOfFile(
  path: string,
  size: number,
  algorithm: Digest['algorithm'],
  signal: AbortSignal,
): Promise<string> {
  // git's name of a file's content: the SHA-1 of its kind, its length, a zero byte, and the content.
  const hash =
    algorithm === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${String(size)}\0`, 'latin1');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    stopIfAborted(signal);
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}

/** One process at a time downloads a blob; the others watch it grow. */
async function waitForLock({ hub, repository, file, tell }: DownloadTask): Promise<Lock> {
  const { clock, signal, note } = hub;
  const path = repository.lock(file.digest.hex);
  const claim = new LockClaim(path);
  let [seen, since, told] = [-1, clock.now(), false];
  for (;;) {
    stopIfAborted(signal);
    const attempt = await claim.try();
    if (attempt.state === 'taken') return attempt.lock;
    const { holder } = attempt;
    if (!told && holder) note(`${file.path}: process ${String(holder.pid)} is downloading it; waiting for it`);
    told ||= holder !== undefined;
    const size = await repository.partialSize(file.digest.hex);
    if (size !== seen) {
      [seen, since] = [size, clock.now()];
      tell(Math.min(size, file.size), 0);
    } else if (clock.now() - since > LOCK_PATIENCE && holder && holder.host !== hostname()) {
      const { pid, host } = holder;
      throw new GlossaError(
        'HUB_LOCKED',
        `${file.path}: process ${String(pid)} on ${host} is downloading it and gets nowhere`,
        {
          hint: `if that process is gone, delete ${path}`,
        },
      );
    }
    await clock.sleep(100, signal).catch(() => undefined);
  }
}
