import type { RecordBatch } from 'apache-arrow';
import { createEngine, rolloutColumns } from '../engine/index.js';
import type { Dtype, Engine, RolloutColumns } from '../engine/types.js';
import { defined } from '../base/defined.js';
import { toRagged } from '../base/ragged.js';
import { addColumns } from '../rollout/index.js';
import { tinyModel } from './tiny_model.js';

export interface SelfTestCase {
  dtype: Dtype;
  threads: number;
  /** Most completions in flight (0: all), and whether prompts were admitted in another order. */
  slots: number;
  shuffled: boolean;
  /** Micro-batch of the trainer's forward, tokens. */
  micro_batch_tokens: number;
  /** Largest difference between a sampler's and the trainer's log-probability; must be 0. */
  logp_max_abs_diff: number;
  /** Ids, log-probabilities, entropies and finish reasons are those of one thread with natural admission, bit for bit. */
  same_rollout: boolean;
  /** After an optimizer step on these completions: loss, gradient norm and the completions of the new weights are too. */
  same_update: boolean;
}

export interface SelfTest {
  ok: boolean;
  logp_max_abs_diff: number;
  thread_invariant: boolean;
  batch_invariant: boolean;
  completions: number;
  tokens: number;
  cases: SelfTestCase[];
}

const PROMPTS = 40;
const GROUP = 8;
const SEED = 20260101n;

/**
 * Lets one random model answer hundreds of prompts of mixed lengths with 1, 2, 3 and 8 threads, several slot counts, orders
 * of admission and micro-batch sizes, in float32 and bfloat16, and compares every bit.
 */
export async function selfTest(
  device?: string,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<SelfTest> {
  const layouts = [
    { threads: 1, slots: 0, shuffled: false, micro_batch_tokens: 0 },
    { threads: 1, slots: 5, shuffled: true, micro_batch_tokens: 1 },
    { threads: 2, slots: 0, shuffled: true, micro_batch_tokens: 200 },
    { threads: 2, slots: 33, shuffled: false, micro_batch_tokens: 1000 },
    { threads: 3, slots: 64, shuffled: true, micro_batch_tokens: 3000 },
    { threads: 8, slots: 0, shuffled: true, micro_batch_tokens: 100_000 },
  ];
  const cases: SelfTestCase[] = [];
  let completions = 0;
  let tokens = 0;
  for (const dtype of ['float32', 'bfloat16'] as const) {
    let expected: Trace | undefined;
    for (const layout of layouts) {
      const trace = await runLayout(dtype, device, layout);
      expected ??= trace;
      completions += trace.before.rows;
      tokens += trace.before.completions.ids.length;
      cases.push({
        dtype,
        ...layout,
        logp_max_abs_diff: trace.difference,
        same_rollout: sameRollout(trace.before, expected.before),
        same_update:
          trace.loss === expected.loss &&
          trace.gradNorm === expected.gradNorm &&
          sameRollout(trace.after, expected.after),
      });
      onProgress(cases.length, 2 * layouts.length);
    }
  }
  const same = (some: readonly SelfTestCase[]) => some.every((each) => each.same_rollout && each.same_update);
  const difference = cases.reduce((most, each) => Math.max(most, each.logp_max_abs_diff), 0);
  const threadInvariant = same(cases);
  const batchInvariant = same(cases.filter(({ threads }) => threads <= 2));
  return {
    ok: difference === 0 && threadInvariant && batchInvariant,
    logp_max_abs_diff: difference,
    thread_invariant: threadInvariant,
    batch_invariant: batchInvariant,
    completions,
    tokens,
    cases,
  };
}

interface Trace {
  before: RolloutColumns;
  after: RolloutColumns;
  difference: number;
  loss: number;
  gradNorm: number;
}

async function runLayout(
  dtype: Dtype,
  device: string | undefined,
  layout: Pick<SelfTestCase, 'threads' | 'slots' | 'shuffled' | 'micro_batch_tokens'>,
): Promise<Trace> {
  const engine = await createEngine(tinyModel(), SEED, {
    dtype,
    threads: layout.threads,
    ...defined({ device }),
  });
  try {
    const batch = await rollout(engine, layout, 0);
    const before = rolloutColumns(batch);
    const microBatchTokens = layout.micro_batch_tokens;
    const { logps } = await engine.logprobs({ ...before, microBatchTokens });
    const step = await engine.grpoStep({
      batch: addColumns(batch, { advantage: Float32Array.from({ length: before.rows }, (_, row) => Math.sin(row)) }),
      microBatchTokens,
      loss: { loss_type: 'dapo' },
      temperature: 1,
      maxCompletionLength: 64,
      learningRate: 1e-2,
    });
    const difference = Math.max(maxAbsDifference(logps, before.logps), step.logpMaxAbsDiff);
    const after = rolloutColumns(await rollout(engine, layout, 1));
    return { before, after, difference, loss: step.loss, gradNorm: step.gradNorm };
  } finally {
    await engine.dispose();
  }
}

function rollout(
  engine: Engine,
  { slots, shuffled }: Pick<SelfTestCase, 'slots' | 'shuffled'>,
  step: number,
): Promise<RecordBatch> {
  // A fixed mixture of lengths 1 to 40 and ids all over the vocabulary; 37 and 101 are coprime to the sizes.
  const prompts = Array.from({ length: PROMPTS }, (_, i) =>
    Array.from({ length: 1 + ((i * 37) % 40) }, (_, t) => (i * 101 + t * 37) % 515),
  );
  return engine.generate({
    prompts: toRagged(prompts),
    numGenerations: GROUP,
    maxNewTokens: 64,
    budgets: Int32Array.from(prompts, (_, i) => 1 + ((i * 29) % 64)),
    stopIds: Array.from({ length: 12 }, (_, i) => i * 43),
    seed: SEED,
    purpose: 'rollout',
    step,
    ...(slots > 0 && { slots }),
    ...(shuffled && { admission: Int32Array.from(prompts, (_, i) => (i * 27 + 11) % PROMPTS) }),
  });
}

function maxAbsDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Infinity : difference;
  }
  return worst;
}

function sameRollout(a: RolloutColumns, b: RolloutColumns): boolean {
  const bytes = (array: ArrayBufferView) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  const columns = ({ completions, logps, entropies, finish, promptIndex, sample }: RolloutColumns) =>
    Buffer.concat([completions.ids, completions.offsets, logps, entropies, finish, promptIndex, sample].map(bytes));
  return columns(a).equals(columns(b));
}
