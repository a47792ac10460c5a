import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { GlossaError } from '../../src/base/error.js';
import type { ResolvedConfig } from '../../src/config/index.js';
import { loadEngine } from '../../src/engine/index.js';
import { readRolloutFile } from '../../src/rollout/index.js';
import { readMetrics, readRecord, readRun, runFolder } from '../../src/run/index.js';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { resume, train, type TrainEvent } from '../../src/trainer/index.js';
import { filesBelow } from '../e2e/glossa.js';
import { makeLab } from './lab.js';

const LENGTH_REWARD = fileURLToPath(new URL('fixtures/length_reward.mjs', import.meta.url));
const BASE = `
seed: 3
model: { lab: { pretrain: { steps: 20 } } }
data:
  train: [{ lab: { language: ko } }]
rewards: [{ name: length, module: ${LENGTH_REWARD} }]
grpo: { max_steps: 4, prompts_per_step: 4, num_generations: 4, max_completion_length: 24 }
optimizer: { learning_rate: 1e-3, lr_scheduler_type: constant }
checkpoint: { every: 0 }
`;

const lab = makeLab(BASE);

const fails = async (settings: ResolvedConfig): Promise<GlossaError> => {
  try {
    await train(settings);
  } catch (error) {
    assert.ok(error instanceof GlossaError, String(error));
    assert.equal((await readRecord(settings.run.dir)).status, 'failed');
    assert.equal((await readRecord(settings.run.dir)).error?.code, error.code);
    return error;
  }
  throw new Error('the run did not fail');
};

/** Types and bytes of the tensors of a folder's model.safetensors. */
async function tensors(dir: string): Promise<{ types: string[]; tensors: Map<string, Buffer> }> {
  const file = await readFile(join(dir, 'model.safetensors'));
  const start = 8 + Number(file.readBigUInt64LE());
  const { __metadata__: _, ...header } = JSON.parse(file.toString('utf8', 8, start)) as Record<
    string,
    { dtype: string; data_offsets: [number, number] }
  >;
  const found = Object.entries(header);
  return {
    types: [...new Set(found.map(([, { dtype }]) => dtype))],
    tensors: new Map(
      found.map(
        ([
          name,
          {
            data_offsets: [from, to],
          },
        ]) => [name, file.subarray(start + from, start + to)],
      ),
    ),
  };
}

describe('training', () => {
  it('gives functions of groups whole groups with ids, step and rows, in training and in evaluation', async () => {
    const rank = await lab.module(
      'rank',
      `export const calls = 'group';
      export default (inputs) => {
        const [{ problem, group, step, settings }] = inputs;
        if (inputs.length !== 2 && inputs.length !== 4) throw new Error('a group of ' + inputs.length);
        if (inputs.some((one, i) => one.sample !== i || one.group !== group || one.problem.id !== problem.id)) throw new Error('mixed');
        if (inputs.some(({ ids, completion }) => ids.length === 0 && completion !== '')) throw new Error('no ids');
        if (problem.row.question !== problem.question || problem.row.id !== problem.id) throw new Error('no row');
        if (step > settings.last) throw new Error('step ' + step);
        return inputs.map(({ ids, sample }) => (sample === 1 ? null : ids.length));
      };`,
    );
    const settings = lab.config(
      'grpo.max_steps=2',
      'grpo.max_grader_errors=0',
      'data.eval=[{name: held, lab: {split: test}, limit: 3}]',
      'eval={num_samples: 2, temperature: 1, every: 1}',
      `rewards=[{name: rank, module: ${rank}, settings: {last: 2}}, {name: accuracy}]`,
    );
    const warnings: string[] = [];
    await train(settings, { tell: (event) => event.type === 'warning' && warnings.push(event.message) });
    assert.deepEqual(
      warnings.filter((text) => text.includes('rank')),
      [],
    );
    const lines = await readMetrics(runFolder(settings.run.dir).metrics);
    for (const line of lines.filter(({ step }) => step > 0)) {
      assert.ok(line['rewards/rank/mean']! > 0);
      assert.equal(line.grader_errors, 0);
    }
    const last = lines.at(-1)!;
    assert.ok(last['eval_held/rewards/rank/mean']! > 0);
    assert.equal(last['eval_held/rewards/accuracy/mean'], last['eval_held/accuracy']);
    const { evaluations } = await readRun(settings.run.dir);
    const { rewards, n } = evaluations.at(-1)!;
    assert.deepEqual([rewards!['rank']!.judged, n], [3, 6]);
    assert.equal(rewards!['rank']!.mean, last['eval_held/rewards/rank/mean']);
  });

  it('starts each generation on the sampler’s own log-probabilities: the ratio is exactly 1', async () => {
    const settings = lab.config();
    await train(settings);
    const lines = await readMetrics(runFolder(settings.run.dir).metrics);
    assert.deepEqual(
      lines.map((line) => line.step),
      [1, 2, 3, 4],
    );
    for (const line of lines) {
      assert.equal(line['sampling/sampling_logp_difference/max'], 0);
      assert.equal(line['clip_ratio/region_mean'], 0);
      assert.equal(line.grader_errors, 0);
      assert.equal(line.learning_rate, 1e-3);
      assert.ok(line.grad_norm! >= 0 && line.entropy! > 0 && line.step_time! > 0);
    }
    const first = await readRolloutFile(runFolder(settings.run.dir).rollout(1));
    assert.equal(first.length, 16);
    for (const name of [
      'logps',
      'reward',
      'advantage',
      'reward.length',
      'words.ko',
      'words.ru',
      'words.other',
      'first_switch',
      'switches',
      'line_pass',
      'word_pass',
      'id',
      'suite',
      'file',
      'language',
      'question',
      'gold',
      'completion',
      'answer',
      'correct',
    ])
      assert.ok(Object.hasOwn(first[0]!, name), name);
  });

  it('counts the tokens it trains on', async () => {
    const settings = lab.config('grpo.max_steps=2');
    await train(settings);
    const run = runFolder(settings.run.dir);
    let tokens = 0;
    const lines = await readMetrics(run.metrics);
    for (const { step, num_tokens: counted } of lines) {
      for (const row of await readRolloutFile(run.rollout(step))) {
        for (const name of ['prompt_ids', 'completion_ids']) tokens += (row[name] as number[]).length;
      }
      assert.equal(counted, tokens);
    }
  });

  it('splits a generation among steps and uses it several times, and resumes between generations', async () => {
    const sets = ['grpo.steps_per_generation=2', 'grpo.num_iterations=2', 'grpo.max_steps=8'];
    const settings = lab.config(...sets);
    await train(settings);
    const lines = await readMetrics(runFolder(settings.run.dir).metrics);
    assert.equal(lines.length, 8);
    // The first update of a generation is on policy, and so is no later one.
    assert.deepEqual(
      lines.map((line) => line['sampling/sampling_logp_difference/max'] === 0),
      [true, false, false, false, true, false, false, false],
    );
    assert.deepEqual(
      lines.map((line) => line['time/generate']! > 0),
      [true, false, false, false, true, false, false, false],
    );
    await lab.assertResumes(sets, 2);
  });

  it('keeps a reference where beta is above 0: KL exactly 0 at first, and the same bits after a resume', async () => {
    const settings = lab.config('grpo.beta=0.04');
    await train(settings);
    const lines = await readMetrics(runFolder(settings.run.dir).metrics);
    assert.equal(lines[0]!.kl, 0);
    assert.ok(lines[3]!.kl! > 0);
    await lab.assertResumes(['grpo.beta=0.04'], 2);
  });

  it('resumes in bfloat16 to the same bits', async () => {
    await lab.assertResumes(['dtype=bfloat16', 'optimizer.lr_scheduler_type=cosine'], 3);
  });

  it('of a bfloat16 model ends with weights in bfloat16, those of its checkpoint rounded', async () => {
    const start = lab.config('grpo.max_steps=1');
    const { final } = await train(start);
    const model = await loadEngine(final!);
    const dir = lab.path('bfloat16');
    await mkdir(dir);
    await model.saveWeights(dir, 'bfloat16');
    await model.dispose();
    for (const name of ['tokenizer.json', 'tokenizer_config.json', 'generation_config.json'])
      await copyFile(join(final!, name), join(dir, name));
    const settings = lab.config(`model.path=${dir}`, 'grpo.max_steps=2');
    const ended = await train(settings);
    assert.equal((await readRecord(settings.run.dir)).weights, 'bfloat16');
    const [last, saved] = await Promise.all([ended.final!, ended.checkpoint!].map(tensors));
    assert.deepEqual([last!.types, saved!.types], [['BF16'], ['F32']]);
    const { dtype, torch_dtype: written = dtype } = JSON.parse(
      await readFile(join(ended.final!, 'config.json'), 'utf8'),
    ) as { dtype?: string; torch_dtype?: string };
    assert.equal(written, 'bfloat16');
    let moved = 0;
    for (const [name, bytes] of saved!.tensors) {
      const [float, rounded] = [bytes, last!.tensors.get(name)!];
      for (let i = 0; i < rounded.length; i += 2) {
        const bits = float.readUInt32LE(2 * i);
        // To the nearest, ties to even.
        assert.equal(rounded.readUInt16LE(i), (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16, name);
        moved += Number((bits & 0xffff) !== 0);
      }
    }
    assert.ok(moved > 1000, 'training has moved the weights off the grid of bfloat16');
  });

  it('goes on with the prompt template it was begun with, whatever the file holds by then', async () => {
    const path = lab.path('own.jinja');
    await writeFile(path, '{{ language_code }}: {{ question }}!');
    const settings = lab.config(`prompt.template=${path}`, 'grpo.max_steps=1');
    await train(settings);
    await writeFile(path, 'something else');
    await resume(settings.run.dir, (asked) => ({
      config: { ...asked, grpo: { ...asked.grpo, max_steps: 2 } },
      set: [],
    }));
    const folder = runFolder(settings.run.dir);
    const tokenizer = await loadTokenizer(folder.checkpoint(2));
    for (const step of [1, 2]) {
      const [row] = await readRolloutFile(folder.rollout(step));
      const prompt = await tokenizer.decode(row!['prompt_ids'] as number[]);
      assert.equal(prompt, `ko: ${String(row!['question'])}!`);
    }
  });

  it('does not depend on threads or micro-batches', async () => {
    const runs = [lab.config('threads=1'), lab.config('threads=3', 'optimizer.micro_batch_tokens=64')];
    for (const run of runs) await train(run);
    const [a, b] = await Promise.all(
      runs.map(({ run }) => readFile(join(runFolder(run.dir).checkpoint(4), 'model.safetensors'))),
    );
    assert.ok(a!.equals(b!));
  });

  it('drops truncated completions from the loss where asked', async () => {
    const tokens = async (...sets: string[]) => {
      const settings = lab.config('grpo.max_steps=1', 'grpo.max_completion_length=12', ...sets);
      await train(settings);
      return (await readMetrics(runFolder(settings.run.dir).metrics))[0]!;
    };
    const [all, masked] = [await tokens(), await tokens('grpo.mask_truncated_completions=true')];
    const cutOff = Math.round(all['completions/clipped_ratio']! * 16);
    assert.ok(cutOff > 0, 'the test needs truncated completions');
    assert.equal(all.loss_tokens! - masked.loss_tokens!, cutOff * 12);
  });
});

describe('training stops', () => {
  it('where graders fail too often, and counts them where they fail seldom', async () => {
    const broken = await lab.module('broken', 'export default () => { throw new Error("boom") };');
    const error = await fails(lab.config(`rewards=[{name: broken, module: ${broken}}]`));
    assert.equal(error.code, 'GRADER_ERRORS');
    assert.match(error.message, /16 gradings \(100\.0 %\).*of broken: .*boom/);
    const warnings: string[] = [];
    const tolerant = lab.config(
      'grpo.max_steps=1',
      `rewards=[{name: accuracy}, {name: broken, module: ${broken}}]`,
      'grpo.max_grader_errors=1',
    );
    await train(tolerant, { tell: (event) => void (event.type === 'warning' && warnings.push(event.message)) });
    assert.match(warnings[0]!, /50\.0 %/);
    const [line] = await readMetrics(runFolder(tolerant.run.dir).metrics);
    assert.equal(line!.grader_errors, 16);
    assert.equal(line!['rewards/broken/mean'], null);
  });

  it('where nothing was rewarded for as long as asked, and warns before', async () => {
    const zero = await lab.module('zero', 'export default () => 0;');
    assert.equal(
      (await fails(lab.config(`rewards=[{name: zero, module: ${zero}}]`, 'grpo.max_zero_reward_steps=2'))).code,
      'ALL_REWARDS_ZERO',
    );
    const warnings: string[] = [];
    await train(lab.config(`rewards=[{name: zero, module: ${zero}}]`), {
      tell: (event) => void (event.type === 'warning' && warnings.push(event.message)),
    });
    assert.match(warnings.join('\n'), /every reward was 0 for 3 steps in a row/);
  });

  it('before the first step where a budget goes beyond the context, naming the problem', async () => {
    const settings = lab.config('grpo.max_completion_length=100000');
    await assert.rejects(train(settings), {
      code: 'CONFIG_BUDGET',
      message: /prompt of problem \S+ .*context of \d+/,
    });
    assert.ok(!existsSync(settings.run.dir), 'a start that failed leaves no folder');
    const long = lab.path('long.jinja');
    await writeFile(long, 'x 1 '.repeat(1000));
    await assert.rejects(train(lab.config(`prompt={style: template, template: ${long}}`)), {
      code: 'CONFIG_BUDGET',
      hint: /the prompt alone fills the context/,
    });
  });

  it('where a number is not finite, with advice that holds for a run that was to be overwritten too', async () => {
    const first = lab.config('grpo.max_steps=1');
    await train(first);
    const kept = await filesBelow(first.run.dir);
    const again = lab.config(
      ...[`run.dir=${first.run.dir}`, 'optimizer.learning_rate=10', 'grpo.beta=1e30'],
      ...['grpo.num_iterations=2', 'grpo.max_steps=2'],
    );
    await assert.rejects(train(again, { overwrite: true }), {
      code: 'NONFINITE',
      hint: /still there; begin again .* --set optimizer\.learning_rate=1$/,
    });
    assert.deepEqual([...(await filesBelow(first.run.dir)).keys()], [...kept.keys()]);
  });
});

describe('training warns', () => {
  it('within two steps where the learning rate destroys the model', async () => {
    const varied = await lab.module('varied', 'export default ({ completion }) => new Set(completion).size / 20;');
    const told: string[] = [];
    await train(
      lab.config(`rewards=[{name: varied, module: ${varied}}]`, 'optimizer.learning_rate=10', 'grpo.max_steps=3'),
      { tell: (event) => void (event.type === 'warning' && told.push(event.message)) },
    );
    assert.equal(told.length, 1, told.join('\n'));
    assert.match(
      told[0]!,
      /^step [23]: an update has broken the model \(.* a learning rate of 10 is probably too large/,
    );
    assert.match(told[0]!, /--set optimizer\.learning_rate=1$/);
  });

  it('that products cut along k are not bitwise, where a GPU is asked for', async () => {
    const toldOf = async (...sets: string[]) => {
      const told: string[] = [];
      const tell = (event: TrainEvent) => void (event.type === 'warning' && told.push(event.message));
      await assert.rejects(train(lab.config('device=cuda:99', ...sets), { tell }), /cuda|GPU|CPU alone/);
      return told.filter((message) => message.includes('bitwise'));
    };
    assert.deepEqual(await toldOf(), []);
    const [said] = await toldOf('fast=true');
    assert.match(said!, /^fast: .* differ by rounding/);
  });
});
