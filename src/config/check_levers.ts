import { impossible, type Finding } from './findings.js';
import type { Config } from './schema.js';
import { scheduleFault } from './sections/scheduled.js';

/** Levers that nothing can be done with. */
export function checkLevers({ levers, rewards, prompt }: Pick<Config, 'levers' | 'rewards' | 'prompt'>): Finding[] {
  const findings: Finding[] = [];
  const at = (path: readonly string[], message: string) => findings.push(impossible(['levers', ...path], message));
  const { constraint, hints } = levers;
  if (constraint) {
    const bounded = rewards.find(({ name }) => name === constraint.reward);
    if (bounded === undefined)
      at(
        ['constraint', 'reward'],
        `there is no reward ${constraint.reward}: add { name: ${constraint.reward}, weight: 0 } to rewards`,
      );
    else if (typeof bounded.weight !== 'number')
      at(
        ['constraint', 'reward'],
        `the weight of ${constraint.reward} follows a schedule; the multiplier cannot be it too`,
      );
    if (constraint.min > constraint.max) at(['constraint', 'max'], `less than min ${String(constraint.min)}`);
  }
  if (hints) {
    const fault = scheduleFault(hints.share);
    if (fault !== undefined) at(['hints', 'share'], fault);
    if (hints.place === 'thought' && prompt.think_prefix !== undefined)
      at(
        ['hints', 'place'],
        'every thought begins with prompt.think_prefix already; leave that out, or put hints at `system`',
      );
    if (hints.place === 'thought' && prompt.thinking === false)
      at(['hints', 'place'], 'prompt.thinking is false: there is no thought; put hints at `system`');
  }
  return findings;
}
