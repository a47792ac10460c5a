import type { Measure } from './types.js';

/** How long things took. The only measures in which two runs of one seed differ. */
export const MACHINE_MEASURES = [
  {
    name: 'step_time',
    label: 'step',
    unit: 'seconds',
    description: 'of the step, generation included; evaluating and saving are not',
  },
  {
    name: 'time/generate',
    label: 'sampling',
    unit: 'seconds',
    description: 'of sampling; counted, as grading and the reference, in the first step on the generation',
  },
  {
    name: 'time/grade',
    label: 'grading',
    unit: 'seconds',
    description: 'of grading and measuring, beyond what was graded while others were sampled',
  },
  {
    name: 'time/reference',
    label: 'reference',
    unit: 'seconds',
    description: "of the reference's log-probabilities; only where `beta` is above 0",
  },
  { name: 'time/train', label: 'training', unit: 'seconds', description: 'of the update' },
  {
    name: 'time/forward',
    label: 'forward',
    unit: 'seconds',
    description: 'of it, the forward passes of all micro-batches',
  },
  { name: 'time/backward', label: 'backward', unit: 'seconds', description: 'of it, their backward passes' },
  {
    name: 'time/optimizer',
    label: 'optimizer',
    unit: 'seconds',
    description: "of it, clipping the gradient and AdamW's update",
  },
  {
    name: 'time/evaluate',
    label: 'evaluating',
    unit: 'seconds',
    description:
      'of the held-out suites and sets after this step; only where they were evaluated, and not in `step_time`',
  },
  {
    name: 'time/save',
    label: 'saving',
    unit: 'seconds',
    description: 'of a checkpoint written just before this step; only where one was, and not in `step_time`',
  },
  {
    name: 'tokens/generate_per_s',
    label: 'sampled',
    unit: 'tokens/s',
    description: 'completion tokens drawn a second',
  },
  {
    name: 'tokens/train_per_s',
    label: 'trained',
    unit: 'tokens/s',
    description: 'tokens computed in training a second',
  },
  {
    name: 'percent_of_peak/generate',
    label: 'sampling, of the ceiling',
    unit: 'percent',
    description:
      'arithmetic of sampling (2 operations a parameter and token) of the ceiling of all threads, measured when the run starts',
  },
  {
    name: 'percent_of_peak/train',
    label: 'training, of the ceiling',
    unit: 'percent',
    description:
      'arithmetic of training (6 operations a parameter and token; fewer of what does not train) of that ceiling',
  },
] as const satisfies readonly Measure[];

/**
 * Whether a metric tells how long something took, and so differs between two runs that are otherwise the same bits:
 * step_time, time/*, tokens/* and percent_of_peak/*.
 */
export function isTiming(name: string): boolean {
  return name === 'step_time' || /^(time|tokens|percent_of_peak)\//.test(name);
}
