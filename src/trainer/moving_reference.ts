import { checksumsOf, damageOf } from '../base/checksum.js';
import { GlossaError } from '../base/error.js';
import { makeFolder } from '../base/folder.js';
import type { ResolvedConfig } from '../config/index.js';
import { loadEngine } from '../engine/index.js';
import type { Engine, SamplerLaw, SequenceBatch } from '../engine/types.js';
import { engineOptions } from '../inputs/index.js';
import { writeModelFolder, type CheckpointState, type Run } from '../run/index.js';
import { mixWeights } from './mixed_weights.js';
import { isDue } from './schedule.js';

/**
 * A reference that every ref_model_sync_steps steps becomes alpha x policy + (1 - alpha) x itself (TR-DPO, arXiv 2404.09656; TRL's
 * sync_ref_model). Its float32 weights lie in the run's folder, in one that is named by the step after which it moved, and an
 * engine of its own is made from them: so a resumed run has the same bits, from whichever checkpoint it goes on. A folder stays
 * until no checkpoint needs it.
 */
export class MovingReference {
  private constructor(
    private readonly run: Run,
    private readonly config: ResolvedConfig,
    private readonly policy: Engine,
    private engine: Engine,
    private moved: CheckpointState['reference'],
  ) {}

  /** @param moved where it had moved to when the checkpoint was written. @throws GlossaError REFERENCE_CORRUPT. */
  static async open(
    run: Run,
    config: ResolvedConfig,
    policy: Engine,
    moved: CheckpointState['reference'],
  ): Promise<MovingReference> {
    const dir = moved ? run.folder.referenceAfter(moved.step) : run.folder.reference;
    const damage = moved && (await damageOf(dir, moved.files));
    if (damage !== undefined)
      throw new GlossaError('REFERENCE_CORRUPT', `${dir}: ${damage}`, {
        hint: 'restore it, or start the run again in a new folder',
      });
    return new MovingReference(run, config, policy, await load(dir, config), moved);
  }

  async logps(batch: SequenceBatch & SamplerLaw): Promise<Float32Array> {
    const { grpo, optimizer } = this.config;
    const settings = { temperature: grpo.temperature, microBatchTokens: optimizer.micro_batch_tokens };
    return (await this.engine.logprobs({ ...batch, ...settings })).logps;
  }

  async moveAfter(step: number): Promise<void> {
    const { ref_model_sync_steps: every, ref_model_mixup_alpha: alpha } = this.config.grpo;
    if (!isDue(every, step - 1, step)) return;
    const { run } = this;
    const before = this.moved ? run.folder.referenceAfter(this.moved.step) : run.folder.reference;
    const target = run.folder.referenceAfter(step);
    await run.fence();
    await makeFolder(run.folder.references);
    const files = await writeModelFolder(target, async (dir) => {
      const written = await this.policy.saveWeights(dir, 'float32');
      if (alpha === 1) return checksumsOf(dir, written);
      await mixWeights(dir, before, alpha);
      return checksumsOf(dir, {});
    });
    this.moved = { step, files };
    // One after the other: two beside the policy may be more than there is room for.
    await this.engine.dispose();
    this.engine = await load(target, this.config);
  }

  state(): CheckpointState['reference'] {
    return this.moved;
  }

  close(): Promise<void> {
    return this.engine.dispose();
  }
}

function load(dir: string, config: ResolvedConfig): Promise<Engine> {
  return loadEngine(dir, { ...engineOptions(config), frozen: true });
}
