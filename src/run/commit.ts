import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * The commit that a Git checkout stands at, read from its files without the program git; undefined where the folder is the top of
 * no checkout, or it has no commit yet. Changes that are not committed do not show.
 */
export function commitOf(dir: string): string | undefined {
  try {
    const git = gitFolder(join(dir, '.git'));
    const head = readFileSync(join(git, 'HEAD'), 'utf8').trim();
    const ref = /^ref: (.+)$/.exec(head)?.[1];
    return ref === undefined ? commit(head) : refOf(git, ref);
  } catch {
    return undefined;
  }
}

/** Of a worktree and of a submodule, `.git` is a file that names the folder. */
function gitFolder(path: string): string {
  if (statSync(path).isDirectory()) return path;
  return resolve(path, '..', /^gitdir: (.+)$/m.exec(readFileSync(path, 'utf8'))![1]!);
}

/** Branches lie in the folder that the worktrees share, as files of their own or packed into one. */
function refOf(git: string, ref: string): string | undefined {
  const shared = resolve(git, text(join(git, 'commondir'))?.trim() ?? '.');
  const loose = text(join(git, ref)) ?? text(join(shared, ref));
  if (loose !== undefined) return commit(loose.trim());
  const line = text(join(shared, 'packed-refs'))
    ?.split('\n')
    .find((each) => each.endsWith(` ${ref}`));
  return line === undefined ? undefined : commit(line.split(' ')[0]!);
}

function text(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

const commit = (name: string): string | undefined => (/^[0-9a-f]{40,64}$/.test(name) ? name : undefined);
