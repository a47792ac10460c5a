import { tellSpan } from '../base/timeline.js';
import { trainsAdapters } from '../inputs/index.js';
import { pruneReferences, writeCheckpoint, type CheckpointState, type Run, type RunRecord } from '../run/index.js';
import { warner, type Tell } from './events.js';
import type { Parts } from './parts.js';
import { TRAINER } from './spans.js';
import { saveModel, saveState, type SavedAs } from './weights.js';

/** Writes the checkpoints of a run, each once. */
export class Saver {
  /** Step of the newest checkpoint; 0: none. */
  savedAt: number;
  /** Where the tokenizer's files are copied from: the newest checkpoint, for the one a run resumed from is pruned some day. */
  tokenizerDir: string;

  constructor(
    private readonly run: Run,
    private readonly parts: Parts,
    step: number,
    private readonly tell: Tell | undefined,
  ) {
    this.savedAt = step;
    this.tokenizerDir = parts.model.tokenizerDir;
  }

  /** Folder of the newest checkpoint. */
  get newest(): string | undefined {
    return this.savedAt > 0 ? this.run.folder.checkpoint(this.savedAt) : undefined;
  }

  get savedAs(): SavedAs {
    const { config, model } = this.parts;
    return {
      type: this.run.record.weights ?? 'float32',
      adapterOf: trainsAdapters(config) ? model.configJson : undefined,
      warn: warner(this.tell),
    };
  }

  /**
   * Writes the checkpoint of `state.step`, if that is not there yet. `noted`: what run.json says from then on; of `noted.best`
   * the checkpoint is kept. `began`: when its time began, where something was waited for first.
   *
   * @returns the milliseconds it took; undefined where there was nothing to write.
   */
  async save(
    state: Omit<CheckpointState, 'format' | 'files' | 'history'>,
    noted: Pick<RunRecord, 'seconds' | 'best'> = {},
    began = performance.now(),
  ): Promise<number | undefined> {
    const { run, tell } = this;
    const { model, config } = this.parts;
    const { step } = state;
    if (step === this.savedAt) return undefined;
    tell?.({ type: 'phase', phase: 'save', step, done: 0, total: 1 });
    await run.metrics.sync();
    const save = (dir: string) =>
      config.checkpoint.save_only_model
        ? saveModel(model.engine, dir, this.savedAs)
        : saveState(model.engine, dir, this.savedAs);
    await writeCheckpoint(
      run.folder,
      { ...state, history: await run.history(step) },
      { save, tokenizerDir: this.tokenizerDir, fence: run.fence, best: noted.best?.step },
      config.checkpoint.keep,
    );
    await run.saved(step, noted);
    if (state.reference) await pruneReferences(run.folder);
    const ended = performance.now();
    tellSpan({ track: TRAINER, name: 'save', begin: began, end: ended, args: { step } });
    this.tokenizerDir = run.folder.checkpoint(step);
    this.savedAt = step;
    tell?.({ type: 'checkpoint', dir: this.tokenizerDir, step });
    return ended - began;
  }
}
