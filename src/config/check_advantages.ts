import type { ScaleRewards } from '../grpo/types.js';
import { DEFAULT_BUDGET } from './sections/grpo.js';
import { impossible, type Finding } from './findings.js';
import type { Config } from './schema.js';

/** What advantages are divided by, where the config does not say: TRL's GRPOTrainer and RLOOTrainer differ in it. */
export function scaleOf({ scale_rewards: asked, advantage_estimator: estimator }: Config['grpo']): ScaleRewards {
  return asked ?? (estimator === 'group' ? 'group' : 'none');
}

/** Settings of rewards and advantages that do not fit together. */
export function checkAdvantages({ grpo, model, lora }: Config): Finding[] {
  const findings: Finding[] = [];
  const at = (key: string, message: string) => findings.push(impossible(['grpo', key], message));
  if (grpo.advantage_estimator !== 'group') {
    if (grpo.scale_rewards === 'group')
      at('scale_rewards', `group belongs to advantage_estimator group; of ${grpo.advantage_estimator}: batch or none`);
    if (grpo.multi_objective_aggregation === 'normalize_then_sum')
      at('multi_objective_aggregation', 'normalize_then_sum belongs to advantage_estimator group');
  }
  if (grpo.kl_in_reward) {
    if (grpo.beta === 0) at('kl_in_reward', 'there is no KL where beta is 0');
    if (grpo.multi_objective_aggregation === 'normalize_then_sum')
      at('kl_in_reward', 'normalize_then_sum makes advantages of each reward, not of their sum');
    if (grpo.kl_estimator !== 'k3') at('kl_estimator', 'with kl_in_reward the KL is estimated by k1; leave it out');
    if (grpo.use_bias_correction_kl) at('use_bias_correction_kl', 'with kl_in_reward the loss has no KL');
  }
  if (grpo.sync_ref_model && grpo.beta === 0) at('sync_ref_model', 'no reference is kept where beta is 0');
  if (grpo.sync_ref_model && lora)
    at('sync_ref_model', 'with lora the reference is the model without adapters, and stays it');
  const longest = grpo.max_completion_length ?? DEFAULT_BUDGET[model.lab ? 'lab' : 'model'];
  if (grpo.overlong_buffer && grpo.overlong_buffer.len > longest)
    at('overlong_buffer', `a buffer of ${String(grpo.overlong_buffer.len)} of ${String(longest)} tokens`);
  return findings;
}
