import { exists } from '../base/exists.js';
import type { ResolvedConfig } from '../config/index.js';
import { createEngine } from '../engine/index.js';
import { trainsAdapters, type OpenModel } from '../inputs/index.js';
import { copyTokenizer, writeModelFolder, type Run } from '../run/index.js';

/**
 * Writes base/ where a run trains adapters beside random weights: so that the adapters have a base that others can open. A run
 * that goes on makes the weights from its seed again and reads nothing of it.
 */
export async function keepBase(run: Run, config: ResolvedConfig, model: OpenModel): Promise<void> {
  if (!config.model.init || !trainsAdapters(config) || (await exists(run.folder.base))) return;
  const threads = config.threads > 0 ? { threads: config.threads } : {};
  const engine = await createEngine(model.configJson, BigInt(config.seed), threads);
  try {
    await writeModelFolder(run.folder.base, async (dir) => {
      await engine.saveWeights(dir, 'float32');
      await copyTokenizer(model.tokenizerDir, dir);
    });
  } finally {
    await engine.dispose();
  }
}
