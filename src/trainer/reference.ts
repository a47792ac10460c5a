import { damageOf, type Checksums } from '../base/checksum.js';
import { GlossaError } from '../base/error.js';
import { namesIn } from '../base/folder.js';
import type { ResolvedConfig } from '../config/index.js';
import { loadEngine } from '../engine/index.js';
import type { Engine, SamplerLaw, SequenceBatch } from '../engine/types.js';
import { engineOptions, openModel, trainsAdapters } from '../inputs/index.js';
import { MovingReference } from './moving_reference.js';
import { isWeights, writeModelFolder, type CheckpointState, type Run } from '../run/index.js';

/** The model that the KL is to: that of the start, frozen, or one that moves towards the policy. */
export interface Reference {
  /** Aligned with `batch.completions.ids`. */
  logps(batch: SequenceBatch & SamplerLaw): Promise<Float32Array>;
  /** After an optimizer step: moves where that is due. */
  moveAfter?(step: number): Promise<void>;
  /** What a checkpoint notes of it, once it has moved. */
  state?(): CheckpointState['reference'];
  close(): Promise<void>;
}

/**
 * The reference of a new run is frozen inside the engine, and its weights are kept in the run's folder; a resumed run
 * computes the same log-probabilities with a second engine on those weights, and so does one that moves. Of a run that trains
 * adapters it is the model without them, in the same engine. Undefined where beta is 0.
 *
 * @throws GlossaError REFERENCE_CORRUPT where reference/ is damaged and the model it was made from has changed or is gone.
 */
export async function openReference(
  run: Run,
  config: ResolvedConfig,
  engine: Engine,
  { from, warn }: { from: CheckpointState | undefined; warn: (message: string) => void },
): Promise<Reference | undefined> {
  if (config.grpo.beta === 0) return undefined;
  const settings = { temperature: config.grpo.temperature, microBatchTokens: config.optimizer.micro_batch_tokens };
  if (config.grpo.sync_ref_model) {
    if (!from) await run.update({ reference: await keepWeights(engine, run.folder.reference) });
    // Once it has moved, the one of the start is not needed any more.
    else if (!from.reference) await mend(run, config, warn);
    return MovingReference.open(run, config, engine, from?.reference);
  }
  const adapted = trainsAdapters(config); // the base, which the engine has anyway
  if (from && !adapted) {
    await mend(run, config, warn);
    const second = await loadEngine(run.folder.reference, { ...engineOptions(config), frozen: true });
    return {
      logps: async (batch) => (await second.logprobs({ ...batch, ...settings })).logps,
      close: () => second.dispose(),
    };
  }
  if (!adapted) await run.update({ reference: await keepWeights(engine, run.folder.reference) });
  await engine.setReference();
  return {
    logps: async (batch) => (await engine.logprobs({ ...batch, ...settings, reference: true })).logps,
    close: () => Promise.resolve(),
  };
}

/** Makes reference/ anew from the model of the start where it is damaged. */
async function mend(run: Run, config: ResolvedConfig, warn: (message: string) => void): Promise<void> {
  const dir = run.folder.reference;
  const expected = run.record.reference;
  // A run that began without one, or an earlier version's, which noted no checksums.
  const damage = expected ? await damageOf(dir, expected) : await lackOf(dir);
  if (damage === undefined) return;
  const corrupt = (reason: string, cause?: unknown) =>
    new GlossaError('REFERENCE_CORRUPT', `${dir}: ${damage}; it cannot be made anew: ${reason}`, {
      cause,
      hint: 'restore it, or start the run again in a new folder',
    });
  const made = await remake(run, config, expected).catch((error: unknown) => {
    throw corrupt((error as Error).message, error);
  });
  await run.update({ reference: made });
  warn(`${dir}: ${damage}; it was made anew from the model of the start`);
}

async function lackOf(dir: string): Promise<string | undefined> {
  return (await namesIn(dir)).some(isWeights) ? undefined : 'there are no weights in it';
}

async function remake(run: Run, config: ResolvedConfig, expected: Checksums | undefined): Promise<Checksums> {
  const start = await openModel(config, { lab: run.record.lab });
  try {
    return await keepWeights(start.engine, run.folder.reference, expected);
  } finally {
    await start.engine.dispose();
  }
}

function keepWeights(engine: Engine, dir: string, expected?: Checksums): Promise<Checksums> {
  return writeModelFolder(dir, async (temporary) => {
    const made = await engine.saveWeights(temporary, 'float32');
    if (expected && Object.entries(expected).some(([name, sha256]) => made[name] !== sha256))
      throw new GlossaError('REFERENCE_CORRUPT', 'the model that the run was started from has changed');
    return made;
  });
}
