import { z } from 'zod';
import type { ResolvedConfig } from '../config/index.js';
import type { JsonValue } from '../run/index.js';
import type { Lever } from './types.js';

type Settings = NonNullable<ResolvedConfig['levers']['constraint']>;

const stateSchema = z.object({ multiplier: z.number(), ratios: z.array(z.number()), warned: z.boolean() });
type State = z.output<typeof stateSchema>;

export interface ConstraintOptions extends Settings {
  /** The first multiplier: the weight of the reward in the config. */
  initial: number;
  /** As a checkpoint left it; undefined at the start. */
  state: JsonValue | undefined;
  warn: (message: string) => void;
}

/**
 * Maximises the other rewards subject to ratio >= target by primal-dual updates: the reward's weight is the multiplier, and after
 * each generation multiplier <- clamp(multiplier + step_size x (target - ratio), min, max). `ratio` is the mean Target WR of the
 * reasoning over the completions that have one; with `lookahead` it is what its trend, the slope of the least-squares line through the last
 * `window` ratios, leads to.
 */
export function constraint({ reward, target, step_size: stepSize, min, max, ...options }: ConstraintOptions): Lever {
  const { window, lookahead, warn_ahead: warnAhead, initial, warn } = options;
  let state: State =
    options.state === undefined
      ? { multiplier: clamp(initial, min, max), ratios: [], warned: false }
      : stateSchema.parse(options.state);
  // A run may go on with other bounds (--accept-changes).
  state = { ...state, multiplier: clamp(state.multiplier, min, max) };
  return {
    name: 'constraint',
    afterGrading: ({ graded, rewards }) => {
      const ratio = mean(graded.flatMap(({ language }) => language.fidelity.targetWr ?? []));
      const trend = slope(ratio === null ? state.ratios : [...state.ratios, ratio].slice(-window));
      return {
        rewards: {
          ...rewards,
          weights: rewards.weights.map((weight, k) => (rewards.names[k] === reward ? state.multiplier : weight)),
        },
        metrics: {
          'constraint/multiplier': state.multiplier,
          'constraint/ratio': ratio,
          'constraint/slack': ratio === null ? null : ratio - target,
          'constraint/trend': trend,
          'constraint/warning': Number(isFalling(ratio, trend, { target, ahead: warnAhead })),
        },
      };
    },
    afterGeneration: (lines) => {
      const first = lines[0]!;
      const ratio = first['constraint/ratio'] ?? null;
      if (ratio === null) return;
      const trend = first['constraint/trend'] ?? 0;
      const warned = first['constraint/warning'] === 1;
      if (warned && !state.warned)
        warn(
          `step ${String(first.step)}: Target WR of the reasoning is ${percent(ratio)} and falls by ${percent(-trend)} a generation; within ${String(warnAhead)} it will be below the target of ${percent(target)}`,
        );
      const expected = clamp(ratio + lookahead * trend, 0, 1);
      state = {
        multiplier: clamp(state.multiplier + stepSize * (target - expected), min, max),
        ratios: [...state.ratios, ratio].slice(-window),
        warned,
      };
    },
    state: () => state,
  };
}

/** Whether a ratio that still keeps the bound will not in so many generations. */
function isFalling(
  ratio: number | null,
  trend: number | null,
  { target, ahead }: { target: number; ahead: number },
): boolean {
  return ratio !== null && trend !== null && ratio >= target && ratio + ahead * trend < target;
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of the least-squares line through values at 0, 1, 2, ...; null of fewer than two. */
function slope(values: readonly number[]): number | null {
  const middle = (values.length - 1) / 2;
  const centre = mean(values);
  if (centre === null || values.length < 2) return null;
  let [above, below] = [0, 0];
  values.forEach((value, i) => {
    above += (i - middle) * (value - centre);
    below += (i - middle) ** 2;
  });
  return above / below;
}

const clamp = (value: number, min: number, max: number): number => Math.min(max, Math.max(min, value));
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
