import { join } from 'node:path';
import { GlossaError } from '../base/error.js';
import { checkRaw, type ResolvedConfig } from '../config/index.js';
import type { RunRecord } from '../run/index.js';

/** The config of a run.json, checked as one that a user writes. @throws GlossaError RUN_CORRUPT. */
export function recordedConfig({ config }: Pick<RunRecord, 'config'>, dir: string): ResolvedConfig {
  try {
    return checkRaw(config, { path: join(dir, 'run.json'), overrides: [] });
  } catch (error) {
    const message = error instanceof GlossaError ? error.message : String(error);
    throw new GlossaError('RUN_CORRUPT', `the config in run.json is none that this version reads: ${message}`, {
      cause: error,
      hint: 'start the run again in a new folder; as models, its checkpoints can be named one by one',
    });
  }
}
