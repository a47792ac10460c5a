import { join } from 'node:path';
import { z } from 'zod';
import { defined } from '../base/defined.js';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import { greatest } from '../base/extremes.js';
import { readText } from '../base/read_file.js';
import { runGolden, type GoldenCase } from '../engine/index.js';
import type { Dtype } from '../engine/types.js';
import { computeAdvantages } from '../grpo/index.js';

export interface Golden {
  ok: boolean;
  passed: number;
  failed: number;
  skipped: number;
  cases: (Omit<GoldenCase, 'kind'> & {
    kind: GoldenCase['kind'] | 'advantages';
    /** The largest of error / bound. */ worst: number;
  })[];
}

const advantageSchema = z.looseObject({
  rewards_per_func: z.array(z.array(z.number().nullable())),
  reward_weights: z.array(z.number()),
  num_generations: z.int().min(1),
  cases: z.array(
    z.looseObject({
      multi_objective_aggregation: z.enum(['sum_then_normalize', 'normalize_then_sum']),
      scale_rewards: z.enum(['group', 'batch', 'none']),
      advantages: z.array(z.number()),
      frac_reward_zero_std: z.number(),
    }),
  ),
});

/** Absolute; the advantages are of size 1 and given with nine decimals, ours are float32. */
const ADVANTAGE_BOUND = 1e-6;

/**
 * Runs a folder of reference cases (or the folder that has them in `cases/`): models, losses, whole optimizer steps, and
 * advantages.json. With `bfloat16` the engine's weights are rounded to it and the bounds are those of docs/golden.md.
 *
 * @throws GlossaError GOLDEN_NOT_FOUND where there is no case in it, GOLDEN_INVALID where advantages.json is none. What is wrong
 *   with another case is its state `error`.
 */
export async function golden(given: string, dtype: Dtype = 'float32', device?: string): Promise<Golden> {
  const dir = (await exists(join(given, 'cases'))) ? join(given, 'cases') : given;
  if (!(await exists(dir))) throw new GlossaError('GOLDEN_NOT_FOUND', `${given}: no such folder`);
  const native = await runGolden(dir, { dtype, ...defined({ device }) });
  const all = [...native, ...(await advantageCases(join(dir, 'advantages.json')))];
  if (all.length === 0)
    throw new GlossaError('GOLDEN_NOT_FOUND', `${given}: no case in it`, {
      hint: 'name a folder with model-*, loss-*, train-* folders or advantages.json',
    });
  const count = (...states: string[]) => all.filter(({ state }) => states.includes(state)).length;
  return {
    ok: count('fail', 'error') === 0,
    passed: count('pass'),
    failed: count('fail', 'error'),
    skipped: count('skip'),
    cases: all.map((each) => ({
      ...each,
      worst: Math.max(0, greatest(each.measures.map(({ error, bound }) => error / bound))),
    })),
  };
}

type AnyCase = Omit<GoldenCase, 'kind'> & { kind: GoldenCase['kind'] | 'advantages' };

async function advantageCases(path: string): Promise<AnyCase[]> {
  if (!(await exists(path))) return [];
  const file = await advantageFile(path);
  return file.cases.map((each) => {
    const got = computeAdvantages(file.rewards_per_func, {
      numGenerations: file.num_generations,
      weights: file.reward_weights,
      scaleRewards: each.scale_rewards,
      multiObjectiveAggregation: each.multi_objective_aggregation,
    });
    if (each.advantages.length !== got.advantages.length)
      throw new GlossaError(
        'GOLDEN_INVALID',
        `${path}: ${String(each.advantages.length)} advantages for ${String(got.advantages.length)} rows of rewards`,
      );
    const error = each.advantages.reduce(
      (worst, expected, i) => Math.max(worst, Math.abs(expected - got.advantages[i]!)),
      0,
    );
    const zero = Math.abs(each.frac_reward_zero_std - got.fracRewardZeroStd);
    return {
      name: `advantages-${each.multi_objective_aggregation}-${each.scale_rewards}`,
      kind: 'advantages',
      state: error <= ADVANTAGE_BOUND && zero <= ADVANTAGE_BOUND ? 'pass' : 'fail',
      detail: '',
      measures: [
        { name: 'advantages', error, bound: ADVANTAGE_BOUND },
        { name: 'frac_reward_zero_std', error: zero, bound: ADVANTAGE_BOUND },
      ],
    };
  });
}

async function advantageFile(path: string): Promise<z.infer<typeof advantageSchema>> {
  const text = await readText(path);
  const invalid = (reason: string, cause: unknown) =>
    new GlossaError('GOLDEN_INVALID', `${path}: ${reason}`, { cause });
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw invalid((error as Error).message, error);
  }
  const parsed = advantageSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const { path: place, message } = parsed.error.issues[0]!;
  throw invalid(`${place.join('.') || 'the file'}: ${message}`, parsed.error);
}
