// Freshness by content: a stamp holds the hash of what a step read when it last succeeded.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { BUILD, ROOT } from './paths.mjs';

function* filesBelow(path) {
  if (!statSync(path).isDirectory()) {
    yield path;
    return;
  }
  for (const name of readdirSync(path).sort()) yield* filesBelow(join(path, name));
}

/** Hash of files and folders (relative to the repository) and of other values that change the outcome. */
export function contentHash(paths, values = []) {
  const hash = createHash('sha256').update(JSON.stringify(values));
  for (const path of paths) {
    for (const file of filesBelow(join(ROOT, path))) {
      const bytes = readFileSync(file);
      hash.update(`${relative(ROOT, file)}\0${String(bytes.length)}\0`).update(bytes);
    }
  }
  return hash.digest('hex');
}

const stampPath = (name) => join(BUILD, 'stamps', name);

export function hasStamp(name, hash) {
  const path = stampPath(name);
  return existsSync(path) && readFileSync(path, 'utf8') === hash;
}

export function clearStamp(name) {
  rmSync(stampPath(name), { force: true });
}

export function writeStamp(name, hash) {
  const path = stampPath(name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.tmp`, hash);
  renameSync(`${path}.tmp`, path);
}
