import { join, resolve } from 'node:path';
import { writeFileAtomic } from '../base/atomic.js';
import { defined } from '../base/defined.js';
import { GlossaError } from '../base/error.js';
import { makeFolder } from '../base/folder.js';
import { loadEngine } from '../engine/index.js';
import type { StoredDtype } from '../engine/types.js';
import { baseOfRun, recordedConfig, runAsModel, trainsAdapters } from '../inputs/index.js';
import { copyTokenizer, readRecord, readRun, runFolder, writeModelFolder } from '../run/index.js';
import { saveInType } from '../trainer/index.js';
import { requireEmptyFolder } from './empty_folder.js';
import { hubName } from './hub_name.js';
import { modelCard } from './model_card.js';

export interface ExportSettings {
  /** Folder of a run. */
  run: string;
  /** Folder to write; it must not be there, or be empty. */
  out: string;
  /** Of the checkpoint; default: the one that the run ended with, or of one that has not finished the newest whole one. */
  step?: number;
  /** Of a run that trained an adapter: this alone, in PEFT's layout, instead of the model with it merged. */
  adapter?: boolean;
  /** Type of the weights; default: the one that the model came in. */
  dtype?: StoredDtype;
  warn: (message: string) => void;
}

export interface Exported {
  dir: string;
  /** Optimizer steps that the weights have seen. */
  step: number;
  /** Why it is this step, in words. */
  why: string;
  dtype: StoredDtype;
  parameters: number;
}

/**
 * Writes a checkpoint of a run as a folder for others: weights, config.json, tokenizer with its template, and README.md, a card
 * that says how the model was trained and what it did. The folder appears whole or not at all.
 *
 * @throws GlossaError RUN_NOT_FOUND, RUN_CORRUPT, MODEL_NOT_FOUND (no such checkpoint), CHECKPOINT_*, USAGE (the folder has
 *   something in it), IO_ERROR.
 */
export async function exportRun({ run, out, step, dtype, adapter = false, warn }: ExportSettings): Promise<Exported> {
  const folder = runFolder(resolve(run));
  const record = await readRecord(folder.dir, warn);
  const config = recordedConfig(record, folder.dir);
  const dir = resolve(out);
  await requireEmptyFolder(dir);
  const checkpoint = await runAsModel(folder.dir, warn, step);
  const adapted = trainsAdapters(config);
  if (adapter && !adapted)
    throw new GlossaError('USAGE', `${folder.dir}: the run trained the model itself, no adapter`, {
      hint: 'leave out --adapter',
    });
  if (adapter && dtype !== undefined && dtype !== 'float32')
    throw new GlossaError('USAGE', `--dtype ${dtype}: an adapter is written in float32, as it was trained`, {
      hint: 'leave out --dtype, or --adapter for the whole model in another type',
    });
  const engine = await loadEngine(checkpoint.dir, {
    dtype: config.dtype,
    ...(await baseOfRun(record, folder.dir)),
    ...defined({ baseName: hubName(config.model.path) }),
  });
  try {
    const type = dtype ?? record.weights ?? 'float32';
    const card = modelCard({
      record,
      config,
      step: checkpoint.state.step,
      why: checkpoint.why,
      summary: await readRun(folder.dir),
      adapter,
    });
    await makeFolder(join(dir, '..'));
    await writeModelFolder(
      dir,
      async (temporary) => {
        await (adapter ? engine.saveAdapter(temporary) : saveInType(engine, temporary, type, warn));
        await copyTokenizer(checkpoint.dir, temporary);
        await writeFileAtomic(join(temporary, 'README.md'), card);
      },
      'the model',
    );
    const { parameters, trainableParameters } = engine.info();
    return {
      dir,
      step: checkpoint.state.step,
      why: checkpoint.why,
      ...(adapter
        ? { dtype: 'float32' as const, parameters: trainableParameters }
        : { dtype: type, parameters: adapted ? parameters - trainableParameters : parameters }),
    };
  } finally {
    await engine.dispose();
  }
}
