import { join } from 'node:path';
import { GlossaError } from '../base/error.js';
import { checkRaw, knownSettings, type ResolvedConfig } from '../config/index.js';
import type { RunRecord } from '../run/index.js';

/**
 * The config of a run.json, of whatever version, checked as one that a user writes: settings that came later have their defaults,
 * those that there are no longer are left out. Where somebody has edited it, what is not known is refused: it is a slip of his.
 *
 * @throws GlossaError RUN_CORRUPT where a setting has a value, or lacks one, that this version cannot go by.
 */
export function recordedConfig(
  { config }: Pick<RunRecord, 'config'>,
  dir: string,
  { edited = false } = {},
): ResolvedConfig {
  try {
    return checkRaw(edited ? config : knownSettings(config), { path: join(dir, 'run.json'), overrides: [] });
  } catch (error) {
    const message = error instanceof GlossaError ? error.message : String(error);
    throw new GlossaError('RUN_CORRUPT', `the config in run.json is none that this version reads: ${message}`, {
      cause: error,
      hint: 'start the run again in a new folder; as models, its checkpoints can be named one by one',
    });
  }
}
