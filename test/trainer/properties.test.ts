import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readTensors } from '../../src/base/safetensors.js';
import type { ResolvedConfig } from '../../src/config/index.js';
import { loadEngine, rolloutBatch, type StepMetrics } from '../../src/engine/index.js';
import { addColumns, readRolloutFile } from '../../src/rollout/index.js';
import { checkpointSteps, runFolder } from '../../src/run/index.js';
import { update } from '../../src/trainer/update.js';
import { ragged } from '../engine/tiny.js';
import { lastingMetrics } from '../e2e/glossa.js';
import { makeLab } from './lab.js';

// Properties of GRPO's training as a whole. Rewards are those that are graded without a module: length, in effect, and language.
// At a learning rate of 0 a checkpoint holds the weights of the start and, in its moments, the gradient.
const lab = makeLab(`
seed: 5
model: { lab: { pretrain: { steps: 30 } } }
data: { train: [{ lab: { language: ko } }] }
rewards: [{ name: accuracy, weight: 0.7 }, { name: language_plain }]
grpo:
  max_steps: 1
  prompts_per_step: 4
  num_generations: 4
  max_completion_length: 16
  temperature: 1.5
  overlong_buffer: { len: 16, penalty_factor: 0.5 }
optimizer: { learning_rate: 0, lr_scheduler_type: constant, max_grad_norm: 0 }
checkpoint: { every: 1, keep: 9 }
`);
const MOVING = ['optimizer.learning_rate=3e-3', 'optimizer.max_grad_norm=1'];

interface Row {
  prompt: number[];
  ids: number[];
  logps: number[];
  advantage: number;
  finish: string;
  /** Unweighted, by name. */
  rewards: Record<string, number | null>;
}

async function rowsOf(config: ResolvedConfig, step: number): Promise<Row[]> {
  const rows = await readRolloutFile(runFolder(config.run.dir).rollout(step));
  const numbers = (value: unknown) => Array.from(value as ArrayLike<number>);
  return rows.map((row) => ({
    ...{ prompt: numbers(row['prompt_ids']), ids: numbers(row['completion_ids']), logps: numbers(row['logps']) },
    ...{ advantage: row['advantage'] as number, finish: row['finish'] as string },
    rewards: Object.fromEntries(
      Object.entries(row).flatMap(([name, value]) =>
        name.startsWith('reward.') ? [[name.slice('reward.'.length), value as number | null]] : [],
      ),
    ),
  }));
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
const tokensOf = (rows: readonly Row[]): number => sum(rows.map(({ ids }) => ids.length));
const sequences = (rows: readonly Row[]) => ({
  prompts: ragged(...rows.map(({ prompt }) => prompt)),
  completions: ragged(...rows.map(({ ids }) => ids)),
});
const close = (got: number, expected: number, tolerance: number, what = '') => {
  assert.ok(Math.abs(got - expected) <= tolerance, `${what}: ${String(got)}, expected ${String(expected)}`);
};

type Tensors = Map<string, Float32Array>;
/** The tensors of a safetensors file whose names begin so, by the rest of the name. */
async function tensors(path: string, prefix = ''): Promise<Tensors> {
  const bytes = await readFile(path);
  return new Map(
    (await readTensors(path)).flatMap(({ name, start, end }) =>
      name.startsWith(prefix)
        ? [[name.slice(prefix.length), new Float32Array(Uint8Array.from(bytes.subarray(start, end)).buffer)]]
        : [],
    ),
  );
}
const weights = (dir: string) => readFile(join(dir, 'model.safetensors'));
/** What the first step's gradient was: the first moment is 1 - 0.9 of it. */
async function gradientIn(dir: string): Promise<Tensors> {
  const moments = await tensors(join(dir, 'state.safetensors'), 'exp_avg.');
  return new Map([...moments].map(([name, values]) => [name, values.map((value) => value / (1 - 0.9))]));
}
const dot = (a: Tensors, b: Tensors): number =>
  sum([...a].map(([name, values]) => values.reduce((total, value, i) => total + value * b.get(name)![i]!, 0)));
const norm = (a: Tensors): number => Math.sqrt(dot(a, a));
const plus = (a: Tensors, b: Tensors, factor: number): Tensors =>
  new Map([...a].map(([name, values]) => [name, values.map((value, i) => value + factor * (b.get(name)?.[i] ?? 0))]));
function assertSame(a: Tensors, b: Tensors, share: number, what: string): void {
  const apart = norm(plus(a, b, -1));
  assert.ok(apart <= share * norm(a), `${what}: ${String(apart)} apart, norm ${String(norm(a))}`);
}

async function inFolder<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'glossa-properties-'));
  return work(dir).finally(() => rm(dir, { recursive: true, force: true }));
}

/** One optimizer step of the trainer on these rows, from the weights in a folder; `again` takes their log-probabilities anew. */
async function replay(
  dir: string,
  config: ResolvedConfig,
  rows: readonly Row[],
  { masked = [], again = false }: { masked?: readonly Row[]; again?: boolean } = {},
): Promise<{ metrics: StepMetrics; gradient: Tensors }> {
  const engine = await loadEngine(dir, { threads: 1 });
  try {
    const { prompts, completions } = sequences(rows);
    const { temperature } = config.grpo;
    const kept = Float32Array.from(rows.flatMap(({ logps }) => logps));
    const logps = again ? (await engine.logprobs({ prompts, completions, temperature })).logps : kept;
    const sampled = rolloutBatch({
      ...{ rows: rows.length, prompts, completions, logps, entropies: new Float32Array(logps.length) },
      promptIndex: Int32Array.from(rows, (_, i) => i),
      ...{ sample: new Int32Array(rows.length), finish: new Int8Array(rows.length) },
      policyStep: new Int32Array(rows.length),
    });
    const batch = addColumns(sampled, { advantage: Float32Array.from(rows, ({ advantage }) => advantage) });
    const lossMask = Uint8Array.from(rows, (row) => (masked.includes(row) ? 0 : 1));
    const metrics = await update(engine, { batch, lossMask, decoding: undefined }, [0, rows.length], config, 0, {});
    return await inFolder(async (to) => {
      await engine.saveCheckpoint(to);
      return { metrics, gradient: await gradientIn(to) };
    });
  } finally {
    await engine.dispose();
  }
}

/** Log-probabilities of the completions' tokens, row by row, of the weights in a folder. */
async function logpsIn(dir: string, rows: readonly Row[], temperature: number): Promise<number[][]> {
  const engine = await loadEngine(dir, { frozen: true, threads: 1 });
  try {
    const { prompts, completions } = sequences(rows);
    const { logps } = await engine.logprobs({ prompts, completions, temperature });
    return rows.map((_, i) => [...logps.subarray(completions.offsets[i], completions.offsets[i + 1])]);
  } finally {
    await engine.dispose();
  }
}

/** The same of weights that are so much further in a direction. */
function logpsBeside(
  dir: string,
  { direction, by }: { direction: Tensors; by: number },
  rows: readonly Row[],
  temperature: number,
): Promise<number[][]> {
  return inFolder(async (to) => {
    const path = join(dir, 'model.safetensors');
    const bytes = await readFile(path);
    for (const { name, start, end } of await readTensors(path)) {
      const values = direction.get(name);
      for (let at = start; values && at < end; at += 4)
        bytes.writeFloatLE(bytes.readFloatLE(at) + by * values[(at - start) / 4]!, at);
    }
    await copyFile(join(dir, 'config.json'), join(to, 'config.json'));
    await writeFile(join(to, 'model.safetensors'), bytes);
    return logpsIn(to, rows, temperature);
  });
}

type Run = Awaited<ReturnType<typeof lab.run>> & { rows: Row[]; dir: string };
let first: Promise<Run> | undefined;
/** A run of two steps that stands still. */
const still = (): Promise<Run> =>
  (first ??= lab.run('grpo.max_steps=2').then(async (run) => ({
    ...run,
    rows: await rowsOf(run.config, 1),
    dir: runFolder(run.config.run.dir).checkpoint(1),
  })));

/** What a row's tokens are divided by. */
const DIVISORS: Record<string, (row: Row, rows: readonly Row[], longest: number) => number> = {
  dapo: (_, rows) => tokensOf(rows),
  bnpo: (_, rows) => tokensOf(rows),
  grpo: (row, rows) => rows.length * row.ids.length,
  dr_grpo: (_, rows, longest) => rows.length * longest,
  luspo: (_, rows) => rows.length,
};

describe('the first update of a generation', () => {
  it('is REINFORCE: no ratio but 1, a loss of advantages alone, the gradient of finite differences', async () => {
    const { lines, rows, dir, config } = await still();
    const [line] = lines;
    assert.equal(line!['sampling/sampling_logp_difference/max'], 0);
    for (const name of ['low_mean', 'low_min', 'high_mean', 'high_max', 'region_mean'] as const)
      assert.equal(line![`clip_ratio/${name}`], 0);
    const gradient = await gradientIn(dir);
    close(line!.grad_norm!, norm(gradient), 1e-6 * norm(gradient), 'grad_norm');

    const { temperature, max_completion_length: longest } = config.grpo;
    // Parts of the gradient, each of length 1: the derivative along each is a good share of the whole.
    const parts = [/embed_tokens/, /self_attn/, /mlp/, /norm/].map((part) => {
      const of = new Map([...gradient].filter(([name]) => part.test(name)));
      const length = norm(of);
      assert.ok(length > 1e-3 * norm(gradient), `${String(part)} has a gradient`);
      return new Map([...of].map(([name, values]) => [name, values.map((value) => value / length)]));
    });
    const h = 4e-3;
    const sides = await Promise.all(
      parts.map(async (direction) => {
        const at = (by: number) => logpsBeside(dir, { direction, by }, rows, temperature);
        const [up, down] = [await at(h), await at(-h)];
        return rows.map((_, i) => sum(up[i]!.map((value, t) => value - down[i]![t]!)) / (2 * h));
      }),
    );
    for (const [name, divisor] of Object.entries(DIVISORS)) {
      const own = { ...config, grpo: { ...config.grpo, loss_type: name } };
      const scales = rows.map((row) => row.advantage / divisor(row, rows, longest));
      const { metrics, gradient: got } = await replay(dir, own, rows);
      assert.equal(metrics.logpMaxAbsDiff, 0);
      const size = sum(rows.map(({ ids }, i) => Math.abs(scales[i]! * ids.length)));
      close(metrics.loss, -sum(rows.map(({ ids }, i) => scales[i]! * ids.length)), 1e-6 * size, `loss of ${name}`);
      for (const [k, direction] of parts.entries()) {
        const expected = -sum(sides[k]!.map((side, i) => side * scales[i]!));
        close(dot(direction, got), expected, 1e-4 * norm(got), `gradient of ${name} along part ${String(k)}`);
      }
      if (name === config.grpo.loss_type) {
        assert.equal(metrics.loss, line!.loss);
        assert.equal(metrics.gradNorm, line!.grad_norm);
        assertSame(got, gradient, 0, 'gradient of the run');
      }
    }
  });

  it('counts every token of the completions, the end token too, none of prompts, and none of what is masked', async () => {
    const { lines, rows, dir, config } = await still();
    const ended = rows.filter(({ finish }) => finish === 'stop');
    assert.ok(
      ended.length > 0 && ended.length < rows.length,
      `${String(ended.length)} of ${String(rows.length)} ended`,
    );
    const { eos_token_id: eos } = JSON.parse(await readFile(join(dir, 'generation_config.json'), 'utf8')) as {
      eos_token_id: number;
    };
    for (const { ids, finish } of rows) {
      assert.equal(ids.indexOf(eos), finish === 'stop' ? ids.length - 1 : -1);
      if (finish !== 'stop') assert.equal(ids.length, config.grpo.max_completion_length);
    }
    assert.equal(lines[0]!.loss_tokens, tokensOf(rows));

    const masked = await lab.run('grpo.mask_truncated_completions=true');
    assert.deepEqual(await rowsOf(masked.config, 1), rows);
    assert.equal(masked.lines[0]!.loss_tokens, tokensOf(ended));
    const total = tokensOf(ended);
    close(masked.lines[0]!.loss!, -sum(ended.map(({ ids, advantage }) => (advantage * ids.length) / total)), 1e-6);

    // Completions of the end token alone have a loss and a gradient.
    const alone = rows.map((row) => ({ ...row, ids: [eos] }));
    const { metrics, gradient } = await replay(dir, config, alone, { again: true });
    assert.equal(metrics.lossTokens, rows.length);
    assert.ok(norm(gradient) > 0);
  });
});

describe('a step', () => {
  it('has the same bits in any micro-batches and on any threads, whatever it is divided by', async () => {
    const all = [...MOVING, 'grpo.max_steps=2', 'grpo.num_iterations=2', 'grpo.beta=0.05', 'grpo.entropy_coef=0.01'];
    for (const name of ['dapo', 'grpo', 'dr_grpo']) {
      const sets = [...all, `grpo.loss_type=${name}`, 'grpo.top_entropy_quantile=0.6'];
      const whole = await lab.run(...sets, 'threads=1', 'optimizer.micro_batch_tokens=100000');
      const ones = await lab.run(...sets, 'threads=3', 'optimizer.micro_batch_tokens=1');
      const [a, b] = [whole, ones].map(({ result }) => result.checkpoint!);
      for (const file of ['model.safetensors', 'state.safetensors'])
        assert.ok((await readFile(join(a!, file))).equals(await readFile(join(b!, file))), `${name}: ${file}`);
      const [mine, other] = [await lastingMetrics(whole.config.run.dir), await lastingMetrics(ones.config.run.dir)];
      assert.deepEqual(mine, other);
      assert.ok(mine.every((line) => (line['grad_norm'] as number) > 0));
    }
  });

  it('of bnpo is that of dapo: both divide by the tokens of the step, however it is cut', async () => {
    // In TRL bnpo divides by the tokens of a micro-batch, and is grpo where that is one completion. Here no loss knows of
    // micro-batches; bnpo is grpo where all completions are as long as each other, and dapo always.
    const one = 'optimizer.micro_batch_tokens=1';
    const [bnpo, dapo, grpo] = [
      await lab.run(...MOVING, one, 'grpo.loss_type=bnpo'),
      await lab.run(...MOVING, 'grpo.loss_type=dapo'),
      await lab.run(...MOVING, one, 'grpo.loss_type=grpo'),
    ].map(({ result }) => weights(result.checkpoint!));
    assert.ok((await bnpo!).equals(await dapo!));
    assert.ok(!(await bnpo!).equals(await grpo!), 'completions of different lengths tell them apart');
  });

  it('of completions of one length n is the same for all divisors but by n', async () => {
    const { config, dir, rows } = await still();
    const n = 4;
    const cut = rows.filter(({ ids }) => ids.length >= n).map((row) => ({ ...row, ids: row.ids.slice(0, n) }));
    assert.ok(cut.length > 4);
    const of = async (loss_type: string, level: 'token' | 'sequence' = 'token') => {
      const grpo = { ...config.grpo, loss_type, importance_sampling_level: level, max_completion_length: n };
      return (await replay(dir, { ...config, grpo }, cut, { again: true })).gradient;
    };
    const grpo = await of('grpo');
    for (const name of ['bnpo', 'dapo', 'dr_grpo']) assertSame(await of(name), grpo, 0, name);
    assertSame(await of('grpo', 'sequence'), grpo, 1e-5, 'GSPO');
    const luspo = await of('luspo', 'sequence');
    assertSame(
      new Map([...luspo].map(([name, values]) => [name, values.map((value) => value / n)])),
      grpo,
      1e-5,
      'luspo',
    );
  });

  it('does not depend on the order of its rows, nor on what stands beside them', async () => {
    const { config, dir, rows } = await still();
    for (const name of ['dapo', 'grpo']) {
      const own = { ...config, grpo: { ...config.grpo, loss_type: name } };
      const { metrics, gradient } = await replay(dir, own, rows);
      const groups = [3, 1, 0, 2].flatMap((group) => rows.slice(4 * group, 4 * group + 4));
      const spread = rows.map((_, i) => rows[(7 * i + 3) % rows.length]!);
      for (const order of [groups, spread, [...rows].reverse()]) {
        assert.equal(new Set(order).size, rows.length);
        const other = await replay(dir, own, order);
        close(other.metrics.loss, metrics.loss, 1e-6, `loss of ${name}`);
        assertSame(other.gradient, gradient, 1e-5, `gradient of ${name}`);
      }
    }
    // A row of 200 tokens pads the others, were there padding.
    const ids = Array.from({ length: 200 }, (_, i) => 1 + i);
    const long: Row = { ...rows[0]!, ids, logps: ids.map(() => -1), advantage: 9 };
    const alone = await replay(dir, config, rows);
    const beside = await replay(dir, config, [...rows, long], { masked: [long] });
    assert.equal(beside.metrics.lossTokens, tokensOf(rows));
    close(beside.metrics.loss, alone.metrics.loss, 1e-6);
    assertSame(beside.gradient, alone.gradient, 1e-6, 'gradient');
  });

  it('takes no token for padding by its id: the end and pad id within a completion has its loss', async () => {
    const { config, dir, rows } = await still();
    const { pad_token_id: pad, eos_token_id: eos } = JSON.parse(
      await readFile(join(dir, 'generation_config.json'), 'utf8'),
    ) as { pad_token_id: number; eos_token_id: number };
    assert.equal(pad, eos); // the hardest case
    const within = rows.map((row) => ({ ...row, ids: [row.ids[0]!, pad, pad, ...row.ids.slice(1)] }));
    const { metrics, gradient } = await replay(dir, config, within, { again: true });
    const total = tokensOf(within);
    assert.equal(total, tokensOf(rows) + 2 * rows.length);
    assert.equal(metrics.lossTokens, total);
    assert.equal(metrics.logpMaxAbsDiff, 0);
    close(metrics.loss, -sum(within.map(({ ids, advantage }) => (advantage * ids.length) / total)), 1e-6);
    const ended = within.map((row) => ({ ...row, ids: row.ids.slice(0, 2) }));
    const short = await replay(dir, config, ended, { again: true });
    assert.ok(norm(plus(short.gradient, gradient, -1)) > 0.01 * norm(gradient), 'tokens after it count');
  });
});

describe('the KL', () => {
  it('is 0 at first, never below, and what the weights of both say token by token', async () => {
    const { config, lines } = await lab.run(...MOVING, 'grpo.max_steps=4', 'grpo.beta=0.1');
    assert.equal(lines[0]!.kl, 0);
    const folder = runFolder(config.run.dir);
    for (const { step, kl } of lines.slice(1)) {
      const rows = await rowsOf(config, step);
      const of = (dir: string) => logpsIn(dir, rows, config.grpo.temperature);
      const [policy, reference] = [await of(folder.checkpoint(step - 1)), await of(folder.reference)];
      rows.forEach(({ logps }, i) => {
        assert.deepEqual(policy[i], logps);
      });
      const k3 = rows.flatMap((_, i) =>
        policy[i]!.map((l, t) => Math.exp(reference[i]![t]! - l) - (reference[i]![t]! - l) - 1),
      );
      assert.ok(k3.every((value) => value >= -1e-12));
      const expected = sum(k3) / k3.length;
      assert.ok(kl! > 0);
      close(kl!, expected, 1e-5 * expected, `step ${String(step)}`);
    }
  });
});

describe('without anything to learn from', () => {
  it('equal rewards have a gradient of exactly 0, and the weights keep their bytes', async () => {
    const one = await lab.module('one', 'export default () => 1;');
    const { config, lines } = await lab.run(
      ...[...MOVING, 'grpo.max_steps=2', `rewards=[{name: one, module: ${one}}]`],
      'grpo.overlong_buffer={len: 1, penalty_factor: 0}',
    );
    for (const line of lines) {
      assert.deepEqual([line.grad_norm, line.loss, line.reward, line.frac_reward_zero_std], [0, 0, 1, 1]);
      assert.equal(line.learning_rate, 3e-3);
    }
    const folder = runFolder(config.run.dir);
    const start = await weights((await still()).dir);
    for (const step of [1, 2]) assert.ok((await weights(folder.checkpoint(step))).equals(start));
    assert.equal(norm(await gradientIn(folder.checkpoint(2))), 0);
  });

  it('at a learning rate of 0 the policy stands still over steps and iterations: no ratio, no KL, the same weights', async () => {
    const cycle = ['grpo.max_steps=8', 'grpo.steps_per_generation=2', 'grpo.num_iterations=2', 'grpo.beta=0.1'];
    const { config, lines } = await lab.run(...cycle);
    for (const line of lines) {
      assert.equal(line['sampling/sampling_logp_difference/max'], 0);
      assert.deepEqual([line['clip_ratio/region_mean'], line.kl, line.learning_rate], [0, 0, 0]);
    }
    assert.ok(lines.some((line) => line.grad_norm! > 0));
    const folder = runFolder(config.run.dir);
    const start = await weights(folder.reference);
    for (const dir of [...[4, 8].map((step) => folder.checkpoint(step)), (await still()).dir])
      assert.ok((await weights(dir)).equals(start), dir);
    // Each generation is a draw of its own from the weights of the start.
    const rows = [await rowsOf(config, 1), await rowsOf(config, 5)];
    assert.notDeepEqual(rows[0]!.map(({ ids }) => ids), rows[1]!.map(({ ids }) => ids)); // prettier-ignore
    const { dir } = await still();
    for (const drawn of rows) {
      const expected = await logpsIn(dir, drawn, config.grpo.temperature);
      drawn.forEach(({ logps }, i) => {
        assert.deepEqual(expected[i], logps);
      });
    }
  });
});

describe('a run that is stopped', () => {
  it('within the cycle of a generation ends it, and goes on to the bits of the unbroken run', async () => {
    const sets = [...MOVING, 'grpo.max_steps=8', 'grpo.steps_per_generation=2', 'grpo.num_iterations=2'];
    const config = await lab.assertResumes([...sets, 'grpo.beta=0.05', 'optimizer.lr_scheduler_type=linear'], 3);
    assert.deepEqual(await checkpointSteps(runFolder(config.run.dir)), [4, 8]);
  });
});

/** Mean and standard deviation (n - 1) of what is there. */
function spread(values: readonly (number | null)[]): { mean: number; std: number } {
  const judged = values.filter((value) => value !== null);
  const mean = sum(judged) / judged.length;
  return { mean, std: Math.sqrt(sum(judged.map((value) => (value - mean) ** 2)) / (judged.length - 1)) };
}

describe('advantages in the rollouts', () => {
  const WEIGHTS: Record<string, number> = { accuracy: 0.7, language_plain: 1, soft_overlong: 0.5 };
  const groupsOf = <T>(values: readonly T[]) => [0, 4, 8, 12].map((start) => values.slice(start, start + 4));
  const weighted = (rewards: Row['rewards']): number | null => {
    const judged = Object.entries(rewards).filter(([, value]) => value !== null);
    return judged.length === 0 ? null : sum(judged.map(([name, value]) => WEIGHTS[name]! * value!));
  };
  /** Of a group of one-reward columns: each less the group's mean, divided. */
  const normal = (values: readonly (number | null)[], divisor?: number) => {
    const { mean, std } = spread(values);
    return values.map((value) => (value === null ? null : (value - mean) / (divisor ?? std + 1e-4)));
  };
  const cases: Record<string, (rows: readonly Row[]) => (number | null)[]> = {
    'scale_rewards=group': (rows) =>
      groupsOf(rows.map(({ rewards }) => weighted(rewards))).flatMap((group) => normal(group)),
    'scale_rewards=batch': (rows) => {
      const all = rows.map(({ rewards }) => weighted(rewards));
      return groupsOf(all).flatMap((group) => normal(group, spread(all).std + 1e-4));
    },
    'scale_rewards=none': (rows) =>
      groupsOf(rows.map(({ rewards }) => weighted(rewards))).flatMap((group) => normal(group, 1)),
    'multi_objective_aggregation=normalize_then_sum': (rows) => {
      const columns = Object.keys(WEIGHTS).map((name) =>
        groupsOf(rows.map(({ rewards }) => rewards[name]!)).flatMap((group) =>
          normal(group).map((value) => (value === null ? null : WEIGHTS[name]! * value)),
        ),
      );
      const sums = rows.map((_, i) => {
        const judged = columns.map((column) => column[i]!).filter((value) => value !== null);
        return judged.length === 0 ? null : sum(judged);
      });
      return normal(sums);
    },
  };
  for (const [set, expected] of Object.entries(cases))
    it(`are those of the reward columns: ${set}`, async () => {
      const { config } = await lab.run(`grpo.${set}`);
      const rows = await rowsOf(config, 1);
      assert.deepEqual(Object.keys(rows[0]!.rewards).sort(), Object.keys(WEIGHTS).sort());
      const varied = (name: string) => new Set(rows.map(({ rewards }) => rewards[name])).size > 2;
      assert.ok(varied('language_plain') && varied('soft_overlong'), 'rewards of more than one value');
      expected(rows).forEach((value, i) => {
        close(rows[i]!.advantage, value ?? 0, 1e-6, `row ${String(i)}`);
      });
    });
});
