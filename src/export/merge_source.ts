import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { sha256OfFile } from '../base/checksum.js';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import { readFolderTensors, type StoredTensor } from '../base/safetensors.js';
import { STORED_TYPES, type StoredType } from '../base/stored_numbers.js';
import { locateModel } from '../inputs/index.js';

/** A model that goes into the sum. */
export interface MergeSource {
  /** As it was named. */
  given: string;
  dir: string;
  weight: number;
  /** Optimizer steps of a run's checkpoint. */
  step: number | undefined;
  tensors: Map<string, StoredTensor>;
  /** Of its files of weights. */
  sha256: string;
}

/** Finds a model and its tensors. @throws GlossaError MODEL_NOT_FOUND, MODEL_ADAPTER, MODEL_UNSUPPORTED, CHECKPOINT_*. */
export async function openSource(given: string, weight: number, warn: (message: string) => void): Promise<MergeSource> {
  const { dir, step, run } = await locateModel(given, warn);
  if (await exists(join(dir, 'adapter_config.json')))
    throw new GlossaError(
      'MODEL_ADAPTER',
      `${dir}: an adapter, not a model: it has no weights that could be added up`,
      {
        hint:
          run === undefined
            ? 'put it into its base first (npx glossa export RUN --out DIR; merge_and_unload of PEFT), and add up that'
            : `write the whole model first, and add up that: npx glossa export ${run} --out DIR`,
      },
    );
  const tensors = await readFolderTensors(dir);
  const hash = createHash('sha256');
  for (const path of [...new Set(tensors.map((each) => each.path))].sort()) hash.update(await sha256OfFile(path));
  const sha256 = hash.digest('hex');
  for (const { name, dtype } of tensors)
    if (!isStored(dtype))
      throw new GlossaError(
        'MODEL_UNSUPPORTED',
        `${dir}: ${name} is of type ${dtype}, expected ${STORED_TYPES.join(', ')}`,
        {
          hint: 'quantised weights cannot be added up: merge the models that they were made from',
        },
      );
  return {
    ...{ given, dir, weight, sha256 },
    step: run === undefined ? undefined : step,
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
  };
}

const isStored = (dtype: string): dtype is StoredType => (STORED_TYPES as readonly string[]).includes(dtype);
