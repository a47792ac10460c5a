import { lossSet } from '../metrics/index.js';
import type { MetricsLine } from '../run/types.js';
import { pointsOf, type Point } from './points.js';

/** How a run trains. */
export type Method = 'grpo' | 'sft';

export const methodOf = (config: unknown): Method =>
  (config as { sft?: unknown } | null | undefined)?.sft === undefined ? 'grpo' : 'sft';

/** What a run of supervised fine-tuning has, where one of GRPO has its training prompts. */
export interface SupervisedModel {
  /** Examples of a step; null where the config does not say. */
  batchSize: number | null;
  /** At every optimizer step. */
  of: (name: SupervisedName) => Point[];
  /** Sets of `sft.eval`, in their order. */
  heldOut: readonly HeldOutSeries[];
}

/** Of the examples of a step, by their names in metrics.jsonl. */
export type SupervisedName = 'loss' | 'mean_token_accuracy' | 'entropy' | 'epoch' | 'num_tokens';

/** One held-out set, at every step it was measured at. */
export interface HeldOutSeries {
  set: string;
  of: (figure: HeldOutFigure) => Point[];
}

export const HELD_OUT_FIGURES = ['loss', 'perplexity', 'entropy'] as const;
export type HeldOutFigure = (typeof HELD_OUT_FIGURES)[number];

/** The section `sft` of a config of any version. */
export interface SomeSft {
  max_steps?: number;
  batch_size?: number;
  eval?: { name?: string }[];
}

/** @param lines By step, that before training among them. */
export function supervisedModel(sft: SomeSft, lines: readonly MetricsLine[]): SupervisedModel {
  const trained = lines.filter(({ step }) => step > 0);
  return {
    batchSize: sft.batch_size ?? null,
    of: (name) => pointsOf(trained, name),
    heldOut: setsOf(sft, lines).map((set) => ({
      set,
      of: (figure) => {
        const name = heldOutName(set, figure);
        return pointsOf(
          lines.filter((line) => Object.hasOwn(line, name)),
          name,
        );
      },
    })),
  };
}

/** The name in metrics.jsonl. */
export const heldOutName = (set: string, figure: HeldOutFigure): string => `eval_${set}/${figure}`;

/** Those that were measured. */
function setsOf(sft: SomeSft, lines: readonly MetricsLine[]): string[] {
  const names = new Set(lines.flatMap((line) => Object.keys(line)));
  const found = [...names].flatMap((name) => lossSet(name) ?? []);
  const order = (Array.isArray(sft.eval) ? sft.eval : []).map(({ name }) => name);
  const place = (set: string) => (order.includes(set) ? order.indexOf(set) : order.length);
  return found.sort((a, b) => place(a) - place(b));
}
