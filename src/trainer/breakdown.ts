import type { MetricsLine } from '../run/index.js';

/** Steps that a step is compared with. */
const BEFORE = 5;
/** What is left of the reward, at most, where a policy has broken down. */
const LOST = 0.25;
/** Entropy against what it was, at least or at most. */
const ENTROPY_ROSE = 2.5;
const ENTROPY_FELL = 0.1;
/** How much more of the completions the budget cuts off. */
const CUT_OFF_ROSE = 0.5;

/** A step whose completions come from a policy that an update before it has broken. */
export interface Breakdown {
  step: number;
  /** `reward 0.32 -> 0, ...` */
  signs: string;
}

interface Health {
  reward: number;
  accuracy: number;
  entropy: number;
  cutOff: number;
}

/**
 * Watches for an update that destroys the model, as too large a learning rate does: most of the reward gone from one of the
 * last five steps to this one, and with it entropy many times what it was or nearly none, or completions that no longer end.
 * Either alone is no sign: hard prompts give little reward, and a policy that learns loses entropy. Says it once until the
 * model is well again.
 */
export class BreakdownWatch {
  private before: Health[] = [];
  private broken = false;

  look(line: MetricsLine): Breakdown | undefined {
    const now = health(line);
    if (now === undefined) return undefined;
    const usual = mean(this.before);
    if (usual === undefined || !isBroken(usual, now)) {
      this.before = [...this.before, now].slice(-BEFORE);
      this.broken = false;
      return undefined;
    }
    if (this.broken) return undefined;
    this.broken = true;
    return { step: line.step, signs: signs(usual, now) };
  }
}

function isBroken(usual: Health, now: Health): boolean {
  const lostReward = usual.reward > 0 && now.reward <= LOST * usual.reward;
  // Where something else is paid for too, the reward may stay; where it rises, the policy does what it is paid for.
  const lostAccuracy = usual.accuracy > 0 && now.accuracy <= LOST * usual.accuracy && now.reward < usual.reward;
  const strange =
    now.entropy >= ENTROPY_ROSE * usual.entropy ||
    now.entropy <= ENTROPY_FELL * usual.entropy ||
    now.cutOff >= usual.cutOff + CUT_OFF_ROSE;
  return (lostReward || lostAccuracy) && strange;
}

function signs(usual: Health, now: Health): string {
  const three = (value: number) => Number(value.toPrecision(3)).toString();
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  return [
    `reward ${three(usual.reward)} -> ${three(now.reward)}`,
    `accuracy ${percent(usual.accuracy)} -> ${percent(now.accuracy)}`,
    `entropy ${three(usual.entropy)} -> ${three(now.entropy)} nats`,
    `cut off ${percent(usual.cutOff)} -> ${percent(now.cutOff)}`,
  ].join(', ');
}

/** A step without a reward or entropy (nothing judged, nothing drawn) says nothing. */
function health(line: MetricsLine): Health | undefined {
  const { reward, accuracy, entropy } = line;
  if (reward === null || reward === undefined || entropy === null || entropy === undefined) return undefined;
  return { reward, accuracy: accuracy ?? 0, entropy, cutOff: line['completions/clipped_ratio'] ?? 0 };
}

function mean(all: readonly Health[]): Health | undefined {
  if (all.length === 0) return undefined;
  const of = (key: keyof Health) => all.reduce((sum, each) => sum + each[key], 0) / all.length;
  return { reward: of('reward'), accuracy: of('accuracy'), entropy: of('entropy'), cutOff: of('cutOff') };
}
