import { fileURLToPath } from 'node:url';
import { tinyBase } from '../sweep/sweep_file.js';

/** A verdict that says yes to about half of what a fresh model writes, so that some groups are mixed and some not. */
const HALF = fileURLToPath(new URL('fixtures/even_length.mjs', import.meta.url));

/** Those of the test suite; the others are killed by npm run test:kills, and each has a test of resuming between steps. */
export const IN_SUITE: readonly string[] = [
  'plain',
  'cycles and a reference',
  'levers with a state',
  'adapters and a KL',
];

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
    'dynamic sampling with a cap': {
      ...common,
      data: { ...common.data, train: [{ lab: { language: 'ko' }, verifier: HALF }] },
      grpo: { ...base.grpo, max_steps: 12, dynamic_sampling: true, max_num_gen_batches: 2, num_iterations: 2 },
      eval: { every: 6 },
    },
    'adapters and a KL': {
      ...common,
      lora: { rank: 4, alpha: 8, targets: ['q_proj', 'v_proj', 'down_proj'] },
      grpo: { ...base.grpo, max_steps: 12, num_iterations: 2, beta: 0.05 },
      optimizer: { learning_rate: 4e-3, lr_scheduler_type: 'constant', weight_decay: 0.1 },
      eval: { every: 4 },
    },
    'a moving reference': {
      ...common,
      grpo: {
        ...base.grpo,
        ...{ max_steps: 16, num_iterations: 2, beta: 0.05 },
        ...{ sync_ref_model: true, ref_model_sync_steps: 3, ref_model_mixup_alpha: 0.6 },
      },
      optimizer: { learning_rate: 1e-3, lr_scheduler_type: 'constant' },
      eval: { every: 8 },
    },
    // The sampler's sets go over to the second update.
    'decoding control': {
      ...common,
      grpo: { ...base.grpo, max_steps: 12, num_iterations: 2, top_p: 0.9, beta: 0.02 },
      decoding: { allow: 'target', also: ['boxed'] },
      eval: { every: 4, num_samples: 2, temperature: 1 },
    },
    // Ends before max_steps, with the weights of another step than its last.
    'the best checkpoint and a stop': {
      ...common,
      grpo: { ...base.grpo, max_steps: 60 },
      optimizer: { learning_rate: 1e-3, lr_scheduler_type: 'constant' },
      eval: { every: 5 },
      checkpoint: { every: 3, keep: 1, best: { metric: 'reward', load_at_end: true } },
      stop: { metric: 'reward', patience: 5 },
    },
    'a curriculum in two languages': {
      ...common,
      data: {
        ...common.data,
        train: [
          {
            lab: { language: 'ko' },
            levels: {
              1: [
                [0, 1],
                [8, 0.25],
              ],
              2: [
                [0, 0],
                [8, 1],
              ],
            },
          },
          {
            lab: { language: 'en' },
            levels: {
              1: 2,
              2: [
                [4, 0],
                [4, 1],
              ],
            },
            weight: 0.5,
          },
        ],
      },
      grpo: { ...base.grpo, max_steps: 16 },
      eval: { every: 8 },
    },
  };
}
