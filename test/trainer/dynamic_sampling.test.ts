import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readRolloutFile } from '../../src/rollout/index.js';
import { runFolder } from '../../src/run/index.js';
import { makeLab } from './lab.js';

const BASE = `
seed: 5
model: { lab: { pretrain: { steps: 30 } } }
data: { train: [{ lab: { language: ko } }] }
grpo: { max_steps: 2, prompts_per_step: 4, num_generations: 3, max_completion_length: 40, dynamic_sampling: true }
optimizer: { learning_rate: 1e-4, lr_scheduler_type: constant }
checkpoint: { every: 1 }
`;
const lab = makeLab(BASE);
/** A verifier by which most groups are mixed, and some not, whatever the model has learnt. */
const HALF = `export default ({ completion }) => completion.length % 2 === 0;`;

describe('dynamic sampling', () => {
  it('trains on groups of both verdicts alone, counts what it set aside, and goes on from there', async () => {
    const verifier = await lab.module('half', HALF);
    const asked = [`data.train.0.verifier=${verifier}`, 'rewards=[{name: accuracy}]'];
    const { config, lines } = await lab.run(...asked);
    let drawn = 0;
    for (const line of lines) {
      const rows = await readRolloutFile(runFolder(config.run.dir).rollout(line.step));
      assert.equal(rows.length, 12);
      assert.deepEqual([...new Set(rows.map((row) => row['prompt_index']))], [0, 1, 2, 3]);
      for (let group = 0; group < 4; group++) {
        const verdicts = rows.slice(3 * group, 3 * group + 3).map((row) => row['correct']);
        assert.ok(verdicts.includes(true) && verdicts.includes(false), JSON.stringify(verdicts));
      }
      const counted = (name: 'prompts' | 'all_right' | 'all_wrong' | 'unjudged' | 'filled') =>
        line[`dynamic_sampling/${name}`]!;
      assert.equal(counted('filled'), 0);
      assert.equal(counted('prompts'), 4 + counted('all_right') + counted('all_wrong') + counted('unjudged'));
      drawn += counted('prompts');
      assert.equal(line['frac_reward_zero_std'], 0);
    }
    assert.ok(drawn > 8, 'nothing was set aside in this test');
    const total = lines.at(-1)!.epoch!;
    assert.ok(Math.abs(total - (drawn / 8) * (lines[0]!.epoch! / (lines[0]!['dynamic_sampling/prompts']! / 8))) < 1e-9);
  });

  it('is judged by verdicts, never by a shaped reward, and fills up where the cap is hit', async () => {
    const never = await lab.module('never', 'export default () => false;');
    const shaped = await lab.module('shaped', 'export default ({ completion }) => completion.length;');
    const { config, lines } = await lab.run(
      ...[`data.train.0.verifier=${never}`, `rewards=[{name: shaped, module: ${shaped}}]`],
      ...['grpo.max_steps=1', 'grpo.max_num_gen_batches=3'],
    );
    const [line] = lines;
    assert.equal(line!['dynamic_sampling/rounds'], 3);
    assert.equal(line!['dynamic_sampling/all_wrong'], 12);
    assert.equal(line!['dynamic_sampling/filled'], 4);
    assert.ok(line!.reward_std! > 0);
    const rows = await readRolloutFile(runFolder(config.run.dir).rollout(1));
    assert.equal(rows.length, 12);
  });

  it('resumes to the bits of the unbroken run, on another number of threads and with other micro-batches', async () => {
    const verifier = await lab.module('half', HALF);
    const asked = [`data.train.0.verifier=${verifier}`, 'rewards=[{name: accuracy}]'];
    await lab.assertResumes(asked, 1, ['threads=1', 'optimizer.micro_batch_tokens=64']);
  });
});

describe('the soft overlong penalty', () => {
  it('is a reward beside the others, by length alone', async () => {
    const { config, lines } = await lab.run(
      ...['rewards=[{name: accuracy}]', 'grpo.dynamic_sampling=false', 'grpo.max_steps=1'],
      'grpo.overlong_buffer={len: 30, penalty_factor: 0.5}',
    );
    const rows = await readRolloutFile(runFolder(config.run.dir).rollout(1));
    for (const row of rows) {
      const tokens = (row['completion_ids'] as ArrayLike<number>).length;
      const punishment = Math.fround(Math.min(0, (10 - tokens) / 30));
      assert.equal(row['reward.soft_overlong'], punishment);
      assert.ok(Math.abs((row['reward'] as number) - (row['reward.accuracy'] as number) - 0.5 * punishment) < 1e-6);
    }
    assert.ok(rows.some((row) => (row['reward.soft_overlong'] as number) < 0));
    assert.ok(lines[0]!['rewards/soft_overlong/mean']! < 0);
  });
});
