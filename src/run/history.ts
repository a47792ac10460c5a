import { join } from 'node:path';
import { sha256OfFile } from '../base/checksum.js';
import { namesIn } from '../base/folder.js';
import { stepOf, type RunFolder } from './folder.js';
import { MetricsDigest } from './metrics.js';
import type { History } from './state.js';
import type { MetricsLine } from './types.js';

/** Checksums of the files of rollouts/ and eval/ by `rollouts/000001...`: each is read once. */
export class FileHistory {
  private readonly known = new Map<string, string>();

  /** Those of steps up to `step`, as they lie there. */
  async upTo(folder: RunFolder, step: number): Promise<History['files']> {
    const files: History['files'] = {};
    for (const [dir, path] of [
      ['rollouts', folder.rollouts],
      ['eval', folder.evaluations],
    ] as const) {
      for (const name of (await namesIn(path)).sort()) {
        const at = stepOf(name);
        if (at === undefined || at > step) continue;
        const key = `${dir}/${name}`;
        const sha256 = this.known.get(key) ?? (await sha256OfFile(join(path, name)));
        this.known.set(key, sha256);
        files[key] = sha256;
      }
    }
    return files;
  }
}

/** What of the metrics, rollouts and evaluations before a checkpoint is missing or otherwise than it was then, in words. */
export async function historyDamage(
  folder: RunFolder,
  step: number,
  history: History,
  { lines, missing, files }: { lines: readonly MetricsLine[]; missing: readonly number[]; files: FileHistory },
): Promise<string[]> {
  const damage: string[] = [];
  if (missing.length > 0) damage.push(`metrics.jsonl has no line of ${stepsText(missing)}`);
  else if (new MetricsDigest(lines).value() !== history.metrics)
    damage.push(`metrics.jsonl was changed in its lines up to step ${String(step)}`);
  const now = await files.upTo(folder, step);
  const gone = Object.keys(history.files).filter((name) => !(name in now));
  const changed = Object.entries(history.files).filter(([name, sha256]) => name in now && now[name] !== sha256);
  const added = Object.keys(now).filter((name) => !(name in history.files));
  if (gone.length > 0) damage.push(`${some(gone)} ${gone.length > 1 ? 'are' : 'is'} gone`);
  if (changed.length > 0)
    damage.push(`${some(changed.map(([name]) => name))} ${changed.length > 1 ? 'were' : 'was'} changed or cut off`);
  if (added.length > 0) damage.push(`${some(added)} ${added.length > 1 ? 'were' : 'was'} not there`);
  return damage;
}

/** `step 3`, `steps 3, 4, 7 and 12 more`. */
export function stepsText(steps: readonly number[]): string {
  return `step${steps.length > 1 ? 's' : ''} ${some(steps.map(String))}`;
}

function some(items: readonly string[], most = 5): string {
  const rest = items.length - most;
  return `${items.slice(0, most).join(', ')}${rest > 0 ? ` and ${String(rest)} more` : ''}`;
}
