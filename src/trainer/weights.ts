import { mkdir, rm } from 'node:fs/promises';
import { ioError } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';
import type { Engine, StoredDtype } from '../engine/types.js';
import { copyTokenizer, placeModelFolder, syncFiles, temporaryName } from '../run/index.js';

type Warn = (message: string) => void;

/** Writes weights in `type`, or in float32 where that type cannot hold one of them (float16 ends at 65504). */
export async function saveInType(engine: Engine, dir: string, type: StoredDtype, warn: Warn): Promise<void> {
  try {
    await engine.saveWeights(dir, type);
  } catch (error) {
    if (!(error instanceof GlossaError) || error.code !== 'CHECKPOINT_RANGE') throw error;
    warn(`${error.message}; the weights are written in float32`);
    await engine.saveWeights(dir, 'float32');
  }
}

/** Writes final/: the weights alone, in the type the model came in, with its tokenizer. It appears whole or not at all. */
export async function writeFinalWeights(
  engine: Engine,
  target: string,
  { type, tokenizerDir, warn }: { type: StoredDtype; tokenizerDir: string; warn: Warn },
): Promise<void> {
  const temporary = temporaryName(target);
  try {
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary);
    await saveInType(engine, temporary, type, warn);
    await copyTokenizer(tokenizerDir, temporary);
    await syncFiles(temporary);
    await placeModelFolder(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw ioError('write', target, error);
  }
}
