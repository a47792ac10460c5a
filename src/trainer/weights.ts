import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic.js';
import type { Checksums } from '../base/checksum.js';
import { GlossaError } from '../base/error.js';
import type { Engine, StoredDtype } from '../engine/types.js';
import { copyTokenizer, writeModelFolder } from '../run/index.js';

type Warn = (message: string) => void;

/** Writes weights in `type` and gives their checksums, or in float32 where that type cannot hold one of them (float16 ends at 65504). */
export async function saveInType(engine: Engine, dir: string, type: StoredDtype, warn: Warn): Promise<Checksums> {
  try {
    return await engine.saveWeights(dir, type);
  } catch (error) {
    if (!(error instanceof GlossaError) || error.code !== 'CHECKPOINT_RANGE') throw error;
    warn(`${error.message}; the weights are written in float32`);
    return engine.saveWeights(dir, 'float32');
  }
}

/**
 * Writes final/: the weights alone, in the type the model came in, with its tokenizer; of a run that trains adapters these. It
 * appears whole or not at all.
 */
export function writeFinalWeights(
  engine: Engine,
  target: string,
  { tokenizerDir, ...how }: SavedAs & { tokenizerDir: string },
): Promise<void> {
  return writeModelFolder(target, async (dir) => {
    await saveModel(engine, dir, how);
    await copyTokenizer(tokenizerDir, dir);
  });
}

/** How a run saves what it has trained. */
export interface SavedAs {
  /** Of whole weights; adapters are always float32. */
  type: StoredDtype;
  /** The text of the model's config.json, of a run that trains adapters; else undefined. */
  adapterOf: string | undefined;
  warn: Warn;
}

/** What a run has trained, without the optimizer's state. */
export async function saveModel(engine: Engine, dir: string, { type, adapterOf, warn }: SavedAs): Promise<Checksums> {
  return adapterOf === undefined
    ? saveInType(engine, dir, type, warn)
    : withConfig(dir, adapterOf, engine.saveAdapter(dir));
}

/** All that training goes on from. */
export async function saveState(engine: Engine, dir: string, { adapterOf }: Pick<SavedAs, 'adapterOf'>) {
  const saved = engine.saveCheckpoint(dir);
  return adapterOf === undefined ? saved : withConfig(dir, adapterOf, saved);
}

/** The base's config.json beside its adapter, for whoever looks at the folder as at a model's. */
async function withConfig(dir: string, configJson: string, saved: Promise<Checksums>): Promise<Checksums> {
  const files = await saved;
  await writeFileAtomic(join(dir, 'config.json'), configJson);
  return files;
}
