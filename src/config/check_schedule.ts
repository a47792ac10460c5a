import { impossible, type Finding } from './findings.js';
import type { Config } from './schema.js';
import { READ_BY } from './sections/learning_rate.js';
import { warmupSteps } from './steps.js';

/** Learning-rate settings that do not fit together, of a run of `maxSteps` steps. */
export function checkLearningRate(
  optimizer: Config['optimizer'],
  maxSteps: number,
  named = 'grpo.max_steps',
): Finding[] {
  const findings: Finding[] = [];
  const at = (key: string, message: string) => findings.push(impossible(['optimizer', key], message));
  const { lr_scheduler_type: type, lr_scheduler_kwargs: kwargs, warmup_steps: warmup, warmup_ratio: ratio } = optimizer;
  const kwarg = (key: keyof typeof kwargs, message: string) =>
    findings.push(impossible(['optimizer', 'lr_scheduler_kwargs', key], message));
  if (warmup > maxSteps) at('warmup_steps', `more than ${named} ${String(maxSteps)}`);
  if (warmup > 0 && ratio > 0) at('warmup_ratio', 'give it or warmup_steps, not both');
  for (const key of Object.keys(kwargs) as (keyof typeof kwargs)[]) {
    const readers: readonly string[] = READ_BY[key];
    if (kwargs[key] !== undefined && !readers.includes(type))
      kwarg(key, `${type} does not read it; it belongs to ${readers.join(', ')}`);
  }
  if (type === 'cosine_with_min_lr') {
    const given = [kwargs.min_lr, kwargs.min_lr_rate].filter((value) => value !== undefined).length;
    if (given !== 1) kwarg('min_lr', 'cosine_with_min_lr needs one of min_lr and min_lr_rate');
    if ((kwargs.min_lr ?? 0) > optimizer.learning_rate)
      kwarg('min_lr', `above learning_rate ${String(optimizer.learning_rate)}`);
  }
  if (type === 'polynomial' && (kwargs.lr_end ?? 1e-7) >= optimizer.learning_rate)
    kwarg(
      'lr_end',
      `must be below learning_rate ${String(optimizer.learning_rate)}; it is ${String(kwargs.lr_end ?? 1e-7)}`,
    );
  if (type === 'warmup_stable_decay') {
    const { num_decay_steps: decay, num_stable_steps: stable = 0 } = kwargs;
    const rise = warmupSteps(optimizer, maxSteps);
    if (decay === undefined) kwarg('num_decay_steps', 'must be given with warmup_stable_decay');
    else if (rise + stable + decay > maxSteps)
      kwarg(
        'num_decay_steps',
        `the warm-up, the steps at the peak and the fall are ${String(rise + stable + decay)} steps; ${named} is ${String(maxSteps)}`,
      );
  }
  return findings;
}
