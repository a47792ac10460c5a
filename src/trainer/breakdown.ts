import type { MetricsLine } from '../run/index.js';

/** Steps, the best of which a step is compared with. */
const BEFORE = 5;
/** What is left of the reward, at most, where a policy has broken down. */
const LOST = 0.2;
/** Entropy against what it was, at least or at most. */
const ENTROPY_ROSE = 2.5;
const ENTROPY_FELL = 0.1;
/** How much more of the completions the budget cuts off. */
const CUT_OFF_ROSE = 0.5;

/** A step whose completions come from a policy that an update before it has broken. */
export interface Breakdown {
  step: number;
  /** `reward 0.32 at step 1 -> 0, ...` */
  signs: string;
}

interface Health {
  step: number;
  reward: number;
  accuracy: number;
  entropy: number;
  cutOff: number;
}

/**
 * Watches for an update that destroys the model, as too large a learning rate does: most of the reward gone against the
 * best of the last five steps, and with it entropy many times what it was or nearly none, or completions that no longer end.
 * Either alone is no sign: hard prompts give little reward, and a policy that learns loses entropy. Says it once until the
 * model is well again.
 */
export class BreakdownWatch {
  private before: Health[] = [];
  private broken = false;

  look(line: MetricsLine): Breakdown | undefined {
    const now = health(line);
    if (now === undefined) return undefined;
    const good = best(this.before);
    if (good === undefined || !isBroken(good, now)) {
      this.before = [...this.before, now].slice(-BEFORE);
      this.broken = false;
      return undefined;
    }
    if (this.broken) return undefined;
    this.broken = true;
    return { step: line.step, signs: signs(good, now) };
  }
}

/** What to tell, and how to go on; `savedAt` is the step of the newest checkpoint, 0 where there is none. */
export function breakdownMessage(
  { step, signs }: Breakdown,
  { dir, savedAt, learningRate }: { dir: string; savedAt: number; learningRate: number },
): string {
  const smaller = smallerRate(learningRate);
  // The completions of a step come from the weights after the step before it: those of the last good step are one older.
  const advice =
    savedAt > 0 && savedAt <= step - 2
      ? `To go on from step ${String(savedAt)}: Ctrl-C twice (once saves the broken state), then npx glossa train --resume ${dir} ${smaller}`
      : `Nothing from before is saved: stop, and begin again with --overwrite ${smaller}`;
  return `step ${String(step)}: an update has broken the model (${signs}); a learning rate of ${String(learningRate)} is probably too large. ${advice}`;
}

/** The option that makes steps ten times smaller. */
export function smallerRate(learningRate: number): string {
  return `--set optimizer.learning_rate=${String(Number((learningRate / 10).toPrecision(3)))}`;
}

function isBroken(good: Health, now: Health): boolean {
  const lostReward = good.reward > 0 && now.reward <= LOST * good.reward;
  // Where something else is paid for too, the reward may stay; where it rises, the policy does what it is paid for.
  const lostAccuracy = good.accuracy > 0 && now.accuracy <= LOST * good.accuracy && now.reward < good.reward;
  const strange =
    now.entropy >= ENTROPY_ROSE * good.entropy ||
    now.entropy <= ENTROPY_FELL * good.entropy ||
    now.cutOff >= good.cutOff + CUT_OFF_ROSE;
  return (lostReward || lostAccuracy) && strange;
}

function signs(good: Health, now: Health): string {
  const three = (value: number) => Number(value.toPrecision(3)).toString();
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  return [
    `reward ${three(good.reward)} at step ${String(good.step)} -> ${three(now.reward)}`,
    `accuracy ${percent(good.accuracy)} -> ${percent(now.accuracy)}`,
    `entropy ${three(good.entropy)} -> ${three(now.entropy)} nats`,
    `cut off ${percent(good.cutOff)} -> ${percent(now.cutOff)}`,
  ].join(', ');
}

/** A step without a reward or entropy (nothing judged, nothing drawn) says nothing. */
function health(line: MetricsLine): Health | undefined {
  const { step, reward, accuracy, entropy } = line;
  if (reward === null || reward === undefined || entropy === null || entropy === undefined) return undefined;
  return { step, reward, accuracy: accuracy ?? 0, entropy, cutOff: line['completions/clipped_ratio'] ?? 0 };
}

function best(all: readonly Health[]): Health | undefined {
  return all.reduce<Health | undefined>((most, each) => (most && most.reward >= each.reward ? most : each), undefined);
}
