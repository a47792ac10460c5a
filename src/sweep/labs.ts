import type { ResolvedConfig } from '../config/index.js';
import { labSettings } from '../inputs/index.js';
import { isPretrained, pretrainLab, recipeHash, type LabSettings, type PretrainProgress } from '../lab/index.js';

/** A laboratory's model that runs of a sweep begin with. */
export interface SweepLab {
  hash: string;
  settings: LabSettings;
  cache: string;
}

/** The models of the laboratory that these configs ask for and that no cache has yet, each once. */
export async function missingLabs(configs: Iterable<ResolvedConfig>): Promise<SweepLab[]> {
  const labs = new Map<string, SweepLab>();
  for (const { model, seed } of configs) {
    if (!model.lab) continue;
    const settings = labSettings(model.lab, seed);
    const hash = recipeHash(settings);
    labs.set(`${model.cache}\0${hash}`, { hash, settings, cache: model.cache });
  }
  const missing: SweepLab[] = [];
  for (const lab of labs.values()) if (!(await isPretrained(lab.settings, lab.cache))) missing.push(lab);
  return missing;
}

/**
 * Makes models of the laboratory before the runs that share them, so that no two runs make the same one: several at once, the
 * cores divided among them.
 *
 * @throws GlossaError as `pretrainLab`; ABORTED.
 */
export async function makeLabs(
  labs: readonly SweepLab[],
  {
    cores,
    signal,
    tell,
  }: { cores: number; signal: AbortSignal; tell: (lab: SweepLab, progress: PretrainProgress) => void },
): Promise<void> {
  const queue = [...labs];
  const atOnce = Math.min(cores, queue.length);
  const threads = Math.max(1, Math.floor(cores / Math.max(1, atOnce)));
  const work = async () => {
    for (let lab = queue.shift(); lab; lab = queue.shift()) {
      const one = lab;
      await pretrainLab(one.settings, {
        cacheDir: one.cache,
        threads,
        signal,
        onProgress: (progress) => {
          tell(one, progress);
        },
      });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
