import { readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import { nearPath } from '../base/near_path.js';
import { readText } from '../base/read_file.js';
import { CachedRepository } from './cache.js';
import { hubIdText, parseHubDataSet, parseHubFile, parseHubId, type HubId } from './id.js';
import { hubSettings, type HubSettings } from './settings.js';

export interface Snapshot {
  dir: string;
  commit: string;
}

/** The newest that the cache has of a repository's revision, whoever downloaded it; undefined where it has none. */
export async function findSnapshot(settings: HubSettings, id: HubId): Promise<Snapshot | undefined> {
  const repository = new CachedRepository(settings, id);
  const commit = await repository.commitOf(id.revision);
  if (commit === undefined) return undefined;
  const dir = repository.snapshot(commit);
  return (await isFolder(dir)) ? { dir, commit } : undefined;
}

/** What a model's folder lacks to be opened: config.json, weights, or shards that its index names. */
export async function missingModelFiles(dir: string): Promise<string[]> {
  const names = await readdir(dir);
  const missing = names.includes('config.json') ? [] : ['config.json'];
  const index = names.find((name) => name.endsWith('.safetensors.index.json'));
  if (index === undefined) {
    const weights = names.filter((name) => name.endsWith('.safetensors'));
    missing.push(...(weights.length === 0 ? ['model.safetensors'] : await dangling(dir, weights)));
    return missing;
  }
  try {
    const { weight_map: map } = JSON.parse(await readText(join(dir, index))) as { weight_map?: object };
    missing.push(...(await dangling(dir, [...new Set(Object.values(map ?? {}).map(String))])));
  } catch {
    missing.push(index);
  }
  return missing;
}

/** Names that are not there, or links to what is gone. */
async function dangling(dir: string, names: readonly string[]): Promise<string[]> {
  const there = await Promise.all(names.map((name) => exists(join(dir, name))));
  return names.filter((_, i) => !there[i]);
}

/**
 * The folder that a model's name means: an existing folder, or else `org/name[@revision]` in the hub's cache. Nothing is
 * downloaded.
 *
 * @throws GlossaError MODEL_NOT_FOUND with the command that fetches it; HUB_SETTINGS.
 */
export async function resolveModel(given: string, settings: HubSettings = hubSettings()): Promise<string> {
  if (await isFolder(resolve(given))) return resolve(given);
  const id = parseHubId(given, 'model');
  const snapshot = id && (await findSnapshot(settings, id));
  if (!id || !snapshot) {
    // A misspelt folder also has the form of a name of the hub.
    const local = await localHint(given);
    if (!id || local !== undefined) throw noFolder(given, local);
  }
  if (!snapshot)
    throw new GlossaError(
      'MODEL_NOT_FOUND',
      `${given}: neither a folder nor a model in the hub's cache ${settings.cache}`,
      {
        hint: `npx glossa fetch ${hubIdText(id)}`,
      },
    );
  const missing = await missingModelFiles(snapshot.dir);
  if (missing.length > 0)
    throw new GlossaError('MODEL_NOT_FOUND', `${given}: ${snapshot.dir} has no ${missing.slice(0, 3).join(', ')}`, {
      hint: `npx glossa fetch ${hubIdText(id)} brings what is missing`,
    });
  return snapshot.dir;
}

/** @throws GlossaError MODEL_NOT_FOUND where there is no folder of this name. */
export async function requireFolder(given: string): Promise<void> {
  if (!(await isFolder(given))) throw noFolder(given, await localHint(given));
}

function noFolder(given: string, hint: string | undefined): GlossaError {
  return new GlossaError('MODEL_NOT_FOUND', `${given}: there is no such folder`, {
    hint: hint ?? 'name a Hugging Face folder, the folder of a run, or a model of the hub (org/name)',
  });
}

/** What a path that is no folder was meant to name, where it leads into a folder that is there. */
async function localHint(given: string): Promise<string | undefined> {
  if (await exists(given)) return `it is a file; name the folder that it lies in: ${dirname(given)}`;
  const near = await nearPath(given);
  if (near !== undefined) return `did you mean ${near}?`;
  const parent = dirname(given);
  if (parent === '.' || !(await isFolder(parent))) return undefined;
  const names = (await readdir(parent, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const shown = names.slice(0, 8).map(({ name }) => name);
  return `in ${parent} there ${shown.length === 0 ? 'is no folder' : `are ${shown.join(', ')}${names.length > 8 ? ', ...' : ''}`}`;
}

/**
 * The file that a data setting means: `datasets/org/name[@revision]/file` in the hub's cache, unless there is a file of that
 * name; the file may be a folder or a pattern (`train-*.parquet`), and without one the whole data set is meant. Anything else is
 * returned as it is.
 *
 * @throws GlossaError DATA_NOT_FOUND with the command that fetches it; HUB_SETTINGS.
 */
export async function resolveData(given: string, settings?: HubSettings): Promise<string> {
  const whole = parseHubDataSet(given);
  const named = whole ? { repository: whole, file: '.' } : parseHubFile(given);
  if (!named || (await exists(given))) return given;
  const found = settings ?? hubSettings();
  const snapshot = await findSnapshot(found, named.repository);
  const path = snapshot && join(snapshot.dir, named.file);
  if (path !== undefined && (await exists(/[*?]/.test(named.file) ? dirname(path) : path))) return path;
  const id = hubIdText(named.repository);
  throw new GlossaError(
    'DATA_NOT_FOUND',
    snapshot
      ? `${given}: ${snapshot.dir} has no ${named.file}`
      : `${given}: ${id} is not in the hub's cache ${found.cache}`,
    { hint: snapshot ? `npx glossa fetch ${id} --include '${named.file}'` : `npx glossa fetch ${id}` },
  );
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}
