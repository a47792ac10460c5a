import { tinyBase } from '../sweep/sweep_file.js';

/** Runs in which a process may die in every kind of state that a run has. */
export function killConfigs(cache: string): Record<string, object> {
  const { data, ...base } = tinyBase(cache);
  const common = {
    ...base,
    seed: 11,
    rewards: [{ name: 'accuracy' }, { name: 'language', weight: 0.5 }],
    data: { ...data, eval: [{ name: 'held-out', lab: { split: 'test', language: 'ko' }, limit: 6 }] },
    checkpoint: { every: 1, keep: 2 },
  };
  return {
    plain: {
      ...common,
      grpo: { ...base.grpo, max_steps: 12 },
      eval: { every: 3 },
    },
    'cycles and a reference': {
      ...common,
      grpo: {
        ...base.grpo,
        ...{ max_steps: 24, steps_per_generation: 2, num_iterations: 2, beta: 0.05, loss_type: 'dapo' },
      },
      optimizer: { learning_rate: 1e-3, lr_scheduler_type: 'cosine', warmup_steps: 3, weight_decay: 0.1 },
      eval: { every: 4, num_samples: 2, temperature: 0.8 },
    },
    // What the levers carry from one generation to the next lies in the checkpoint.
    'levers with a state': {
      ...common,
      grpo: { ...base.grpo, max_steps: 16, num_iterations: 2, beta: 0.02 },
      levers: {
        drop: { below: 0.3 },
        constraint: { target: 0.9, step_size: 0.3, window: 3, lookahead: 1 },
        hints: { share: { from: 1, to: 0, end: 12 }, off_at: 0.2, off_after: 2 },
      },
      eval: { every: 8 },
    },
  };
}
