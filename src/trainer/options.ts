import type { JobOptions } from '../engine/types.js';
import type { RunRecord } from '../run/index.js';
import type { Phase, Tell } from './events.js';

export interface TrainOptions {
  /** Aborted: the step in progress is finished, a checkpoint saved, and the run ends as interrupted. */
  stop?: AbortSignal;
  /** Aborted: everything ends at once; the last checkpoint stays. */
  abort?: AbortSignal;
  tell?: Tell;
  /** Write a profile: into this file, or where it is true into profile.json of the run's folder. */
  profile?: string | true;
}

export interface TrainResult {
  dir: string;
  status: 'finished' | 'interrupted';
  /** Optimizer steps made. */
  step: number;
  /** Newest checkpoint. */
  checkpoint: string | undefined;
  /** Why it ended before grpo.max_steps, in words. */
  stopped?: string;
  /** That the run has taken, those before each resuming among them; where it was trained. */
  seconds?: number;
  /** Weights alone, in the type the model came in; of a finished run. */
  final?: string;
  /** Step of these weights. */
  finalStep?: number;
}

export interface NewRunOptions extends TrainOptions {
  /** Put the run in the place of one that is in that folder already; that one stays until the first checkpoint is whole. */
  overwrite?: boolean;
  /** The config file and the overrides that the config was made from; kept in run.json. */
  asked?: RunRecord['asked'];
}

/** Of a call of the engine at `step`: it ends when the run is aborted, and tells how far it is. */
export function jobOf({ tell, abort }: TrainOptions, phase: Phase, step: number): JobOptions {
  return {
    ...(abort && { signal: abort }),
    ...(tell && {
      onProgress: ({ done, total }: { done: number; total: number }) => {
        tell({ type: 'phase', phase, step, done, total });
      },
    }),
  };
}
