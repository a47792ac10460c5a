import { GlossaError } from '../base/error.js';
import { isCommit } from './cache.js';
import { hubIdText, type HubId } from './id.js';
import { request, type Hub, type Subject } from './request.js';
import { retrying } from './retry.js';

/** The hash that the hub gives of a file: of its bytes for large files, git's of a blob for the others. */
export interface Digest {
  algorithm: 'sha256' | 'git-sha1';
  hex: string;
}

export interface HubFile {
  /** Path in the repository, checked to be one below a folder. */
  path: string;
  /** Bytes; undefined where the listing does not say (some mirrors). */
  size: number | undefined;
  digest: Digest | undefined;
}

export interface Listing {
  commit: string;
  /** By path. */
  files: HubFile[];
}

/** A file of which everything is known that a download is checked against. */
export type KnownFile = HubFile & { size: number; digest: Digest };

/** A listing above this is no listing. */
const MOST_LISTING_BYTES = 256e6;

export function subjectOf(hub: Hub, id: HubId, file?: string): Subject {
  const path = `${id.type === 'dataset' ? 'datasets/' : ''}${id.id}`;
  return {
    repository: path,
    revision: id.revision,
    page: `${hub.settings.endpoint}/${path}`,
    ...(file !== undefined && { file }),
  };
}

/** Address of a file at a commit. */
export function fileUrl({ settings }: Hub, { type, id }: HubId, commit: string, path: string): string {
  const name = path.split('/').map(encodeURIComponent).join('/');
  return `${settings.endpoint}/${type === 'dataset' ? 'datasets/' : ''}${id}/resolve/${commit}/${name}`;
}

/**
 * Asks the hub for the commit of a revision and its files.
 *
 * @throws GlossaError those of {@link retrying} and {@link request}; HUB_LISTING where the answer is not what the hub promises.
 */
export function listFiles(hub: Hub, id: HubId): Promise<Listing> {
  const url = `${hub.settings.endpoint}/api/${id.type}s/${id.id}/revision/${encodeURIComponent(id.revision)}?blobs=true`;
  return retrying(
    () =>
      request(hub, url, { subject: subjectOf(hub, id) }, async ({ body }) => parseListing(await textOf(body, id), id)),
    hub,
  );
}

async function textOf(body: AsyncGenerator<Uint8Array>, id: HubId): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MOST_LISTING_BYTES) throw broken(id, 'it is longer than 256 MB');
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parseListing(text: string, id: HubId): Listing {
  let answer: { sha?: unknown; siblings?: unknown } | null;
  try {
    answer = JSON.parse(text) as typeof answer;
  } catch {
    throw broken(id, 'it is not JSON');
  }
  const { sha, siblings } = answer ?? {};
  if (typeof sha !== 'string' || !isCommit(sha)) throw broken(id, 'sha is not a commit');
  if (!Array.isArray(siblings)) throw broken(id, 'siblings is not a list');
  if (isCommit(id.revision) && id.revision !== sha) throw broken(id, `asked for ${id.revision}, got ${sha}`);
  const files = siblings.map((entry: unknown) => parseFile(entry as Record<string, unknown> | null, id));
  const paths = new Set(files.map(({ path }) => path));
  if (paths.size < files.length) throw broken(id, 'a file is there twice');
  return { commit: sha, files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

function parseFile(entry: Record<string, unknown> | null, id: HubId): HubFile {
  const path = entry?.['rfilename'];
  if (typeof path !== 'string') throw broken(id, 'a file has no rfilename');
  const lfs = entry!['lfs'] as Record<string, unknown> | undefined;
  const size = lfs?.['size'] ?? entry!['size'] ?? undefined;
  if (size !== undefined && !isSize(size)) throw broken(id, `${JSON.stringify(path)}: size ${JSON.stringify(size)}`);
  const hash = lfs ? lfs['sha256'] : entry!['blobId'];
  const digest = typeof hash === 'string' ? digestOf(hash) : undefined;
  if (hash != null && !digest) throw broken(id, `${JSON.stringify(path)}: hash ${JSON.stringify(hash)}`);
  return { path, size, digest };
}

/** Asks for size and hash of a file that the listing only names; the hub says both where it redirects to the bytes. */
export async function complete(hub: Hub, id: HubId, commit: string, file: HubFile): Promise<KnownFile> {
  const { path, size, digest } = file;
  if (size !== undefined && digest) return { path, size, digest };
  const subject = subjectOf(hub, id, path);
  const headers = await retrying(
    () =>
      request(hub, fileUrl(hub, id, commit, path), { subject, method: 'HEAD' }, ({ first }) => Promise.resolve(first)),
    hub,
  );
  const etag = (headers.get('x-linked-etag') ?? headers.get('etag') ?? '').replace(/^W\//, '').replaceAll('"', '');
  const length = Number(headers.get('x-linked-size') ?? headers.get('content-length') ?? NaN);
  const known = { path, size: size ?? length, digest: digest ?? digestOf(etag) };
  if (!known.digest || !isSize(known.size)) throw broken(id, `${path}: it gives no size and hash to check it against`);
  return { ...known, digest: known.digest };
}

function digestOf(hex: string): Digest | undefined {
  if (/^[0-9a-f]{64}$/.test(hex)) return { algorithm: 'sha256', hex };
  if (/^[0-9a-f]{40}$/.test(hex)) return { algorithm: 'git-sha1', hex };
  return undefined;
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function broken(id: HubId, reason: string): GlossaError {
  return new GlossaError('HUB_LISTING', `${hubIdText(id)}: the hub's answer cannot be used: ${reason}`, {
    hint: 'look at HF_ENDPOINT: is it a hub?',
  });
}
