import { warmupSteps, type Config } from '../config/index.js';

type Optimizer = Config['optimizer'];
/** Of the peak, after `done` of `steps` steps, the first `warmup` of which are the warm-up; `done` is at least `warmup`. */
type Decay = (at: { done: number; warmup: number; steps: number }, optimizer: Optimizer) => number;

/**
 * Learning rate of the optimizer step after `done` ones, as Transformers' schedulers have it: from 0 up over the warm-up, then as
 * `lr_scheduler_type` says. Finite for every `done` and `maxSteps`, however long the warm-up.
 */
export function learningRate(done: number, optimizer: Optimizer, maxSteps: number): number {
  const { learning_rate: peak, lr_scheduler_type: type } = optimizer;
  const warmup = warmupSteps(optimizer, maxSteps);
  if (done < warmup)
    return type === 'warmup_stable_decay' ? peak * raised(done / warmup, optimizer) : (peak * done) / warmup;
  return peak * DECAYS[type]({ done, warmup, steps: maxSteps }, optimizer);
}

/** Whether something that happens every `every` steps falls into the steps (before, now]; 0 is never. */
export function isDue(every: number, before: number, now: number): boolean {
  return every > 0 && Math.floor(now / every) > Math.floor(before / every);
}

const progress = ({ done, warmup, steps }: Parameters<Decay>[0]) => (done - warmup) / Math.max(1, steps - warmup);
const halfCosine = (angle: number) => 0.5 * (1 + Math.cos(angle));
const floored = (factor: number, floor: number) => Math.max(0, factor * (1 - floor) + floor);

/** Transformers' get_..._schedule functions of these names, with their defaults. */
const DECAYS: Record<Optimizer['lr_scheduler_type'], Decay> = {
  constant: () => 1,
  constant_with_warmup: () => 1,
  linear: (at) => Math.max(0, 1 - progress(at)),
  cosine: (at, { lr_scheduler_kwargs: { num_cycles: cycles = 0.5 } }) =>
    Math.max(0, halfCosine(Math.PI * (2 * cycles) * progress(at))),
  cosine_with_restarts: (at, { lr_scheduler_kwargs: { num_cycles: cycles = 1 } }) => {
    const made = progress(at);
    return made >= 1 ? 0 : Math.max(0, halfCosine(Math.PI * ((cycles * made) % 1)));
  },
  cosine_with_min_lr: (at, { learning_rate: peak, lr_scheduler_kwargs: kwargs }) => {
    const { num_cycles: cycles = 0.5, min_lr: least, min_lr_rate: rate = 0 } = kwargs;
    const floor = least === undefined ? rate : peak > 0 ? least / peak : 0;
    return floored(halfCosine(Math.PI * (2 * cycles) * progress(at)), floor);
  },
  polynomial: ({ done, warmup, steps }, { learning_rate: peak, lr_scheduler_kwargs: kwargs }) => {
    const { lr_end: end = 1e-7, power = 1 } = kwargs;
    const left = Math.max(0, 1 - (done - warmup) / Math.max(1, steps - warmup));
    return ((peak - end) * left ** power + end) / peak;
  },
  inverse_sqrt: ({ done, warmup }, { lr_scheduler_kwargs: { timescale } }) => {
    const scale = timescale ?? (warmup > 0 ? warmup : 10_000);
    return 1 / Math.sqrt((done + scale - warmup) / scale);
  },
  warmup_stable_decay: ({ done, warmup, steps }, { lr_scheduler_kwargs: kwargs }) => {
    const { num_decay_steps: decay = 0, decay_type: type = 'cosine', min_lr_ratio: floor = 0 } = kwargs;
    const stable = kwargs.num_stable_steps ?? Math.max(0, steps - warmup - decay);
    const into = done - warmup - stable;
    if (into < 0) return 1;
    if (into >= decay) return floor;
    const made = into / Math.max(1, decay);
    if (type === 'linear') return floored(1 - made, floor);
    if (type === '1-sqrt') return floored(1 - Math.sqrt(made), floor);
    return floored(halfCosine(Math.PI * 2 * (kwargs.num_cycles ?? 0.5) * made), floor);
  },
};

/** The warm-up of warmup_stable_decay, which has shapes of its own and begins at its floor. */
function raised(made: number, { lr_scheduler_kwargs: kwargs }: Optimizer): number {
  const { warmup_type: type = 'linear', min_lr_ratio: floor = 0 } = kwargs;
  if (type === 'cosine') return floored(0.5 * (1 - Math.cos(Math.PI * made)), floor);
  return floored(type === '1-sqrt' ? 1 - Math.sqrt(1 - made) : made, floor);
}
