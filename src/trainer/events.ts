import type { PretrainProgress } from '../lab/index.js';
import type { Language } from '../language/types.js';
import type { EvaluationRow, MetricsLine } from '../run/index.js';

export type Phase = 'generate' | 'grade' | 'train' | 'evaluate' | 'save';

/** What a run tells while it goes on; for a terminal, a log or a test. */
export type TrainEvent =
  | { type: 'pretrain'; progress: PretrainProgress }
  | {
      type: 'start';
      dir: string;
      step: number;
      maxSteps: number;
      parameters: number;
      /** Of these. */
      trainableParameters: number;
      /** Problems, or examples of supervised fine-tuning. */
      problems: number;
      supervised?: boolean;
      /** Of the training problems. */
      languages: readonly Language[];
    }
  | { type: 'phase'; phase: Phase; step: number; done: number; total: number }
  | { type: 'step'; line: MetricsLine; maxSteps: number }
  | { type: 'evaluation'; rows: readonly EvaluationRow[] }
  /** A set of `sft.eval` after a step. */
  | { type: 'held_out'; set: string; step: number; loss: number; perplexity: number; entropy: number }
  | { type: 'checkpoint'; dir: string; step: number }
  | { type: 'warning'; message: string };

export type Tell = (event: TrainEvent) => void;

/** Tells warnings. */
export const warner =
  (tell: Tell | undefined) =>
  (message: string): void =>
    tell?.({ type: 'warning', message });
