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

/** Writes final/: the weights alone, in the type the model came in, with its tokenizer. It appears whole or not at all. */
export function writeFinalWeights(
  engine: Engine,
  target: string,
  { type, tokenizerDir, warn }: { type: StoredDtype; tokenizerDir: string; warn: Warn },
): Promise<void> {
  return writeModelFolder(target, async (dir) => {
    await saveInType(engine, dir, type, warn);
    await copyTokenizer(tokenizerDir, dir);
  });
}
