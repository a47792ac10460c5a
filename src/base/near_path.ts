import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { exists } from './exists.js';
import { nearest } from './suggest.js';

/**
 * The file or folder that a path which leads nowhere was probably meant to name: the part that is not there is taken for the
 * nearest name beside it. Written as the path was, relative or absolute; undefined where nothing is near.
 */
export async function nearPath(path: string): Promise<string | undefined> {
  if (path === '') return undefined;
  let there = path;
  const missing: string[] = [];
  while (!(await exists(there))) {
    const parent = dirname(there);
    if (parent === there) return undefined;
    missing.unshift(there.slice(parent === '.' && !there.startsWith('.') ? 0 : parent.length).replace(/^[/\\]+/, ''));
    there = parent;
  }
  for (const name of missing) {
    const names = await readdir(there).catch((): string[] => []);
    const near = names.includes(name) ? name : nearest(name, names);
    if (near === undefined) return undefined;
    there = there === '.' && !path.startsWith('.') ? near : join(there, near);
  }
  // A link that leads nowhere is there by its name.
  return missing.length > 0 && resolve(there) !== resolve(path) ? there : undefined;
}
