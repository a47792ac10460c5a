import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResolvedConfig } from '../config/index.js';
import { isPretrained, type PretrainProgress } from '../lab/index.js';
import { labSettings } from './lab_settings.js';

/** Steps that are tried; the first, which is slower, does not count. */
const TRIED = 4;

/** Pre-training that a run would begin with. */
export interface Pretraining {
  steps: number;
  /** Estimated from a few steps on this machine. */
  seconds: number;
}

/**
 * Checks a config without the whole pre-training of a lab model that is not in the cache yet: with one of a few steps, whose
 * tokenizer and problems are the same, in a folder that is taken away again.
 */
export async function withLabTrial(
  config: ResolvedConfig,
  check: (config: ResolvedConfig, onPretrain: (progress: PretrainProgress) => void) => Promise<void>,
): Promise<Pretraining | undefined> {
  const { lab, cache } = config.model;
  if (!lab || (await isPretrained(labSettings(lab, config.seed), cache))) {
    await check(config, () => undefined);
    return undefined;
  }
  const { steps } = lab.pretrain;
  const dir = await mkdtemp(join(tmpdir(), 'glossa-lab-'));
  const at: number[] = [];
  try {
    const tried = { ...lab, pretrain: { ...lab.pretrain, steps: Math.min(TRIED, steps) } };
    await check({ ...config, model: { ...config.model, lab: tried, cache: dir } }, () => at.push(performance.now()));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  const each = at.length > 1 ? (at.at(-1)! - at[0]!) / (at.length - 1) / 1e3 : 0;
  return { steps, seconds: each * steps };
}
