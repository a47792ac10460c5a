import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { open } from 'node:fs/promises';
import { readAt, readFolderTensors } from '../../src/base/safetensors.js';
import { runFolder } from '../../src/run/index.js';
import { verifyRun } from '../../src/verify/index.js';
import { makeLab } from './lab.js';

const lab = makeLab(`
seed: 5
model: { lab: { pretrain: { steps: 10 } } }
data: { train: [{ lab: { language: ko } }] }
rewards: [{ name: length, module: ${new URL('fixtures/length_reward.mjs', import.meta.url).pathname} }]
grpo:
  { max_steps: 4, prompts_per_step: 2, num_generations: 3, max_completion_length: 12, beta: 0.1, sync_ref_model: true, ref_model_sync_steps: 1 }
optimizer: { learning_rate: 1e-3, lr_scheduler_type: constant }
checkpoint: { every: 1, keep: 9 }
`);

/** The weights of a folder, by tensor. */
async function weights(dir: string): Promise<Map<string, Float32Array>> {
  const all = new Map<string, Float32Array>();
  for (const { name, path, start, end } of await readFolderTensors(dir)) {
    const handle = await open(path, 'r');
    const bytes = await readAt(handle, start, end - start).finally(() => handle.close());
    all.set(name, new Float32Array(Uint8Array.from(bytes).buffer));
  }
  return all;
}

describe('a moving reference', () => {
  it('is alpha times the policy and the rest of itself, step after step', async () => {
    const { config, lines } = await lab.run('grpo.max_steps=3', 'grpo.ref_model_mixup_alpha=0.6');
    const folder = runFolder(config.run.dir);
    let expected = await weights(folder.reference);
    for (const step of [1, 2, 3]) {
      const policy = await weights(folder.checkpoint(step));
      expected = new Map(
        [...policy].map(([name, values]) => [
          name,
          values.map((value, i) => 0.6 * value + (1 - 0.6) * expected.get(name)![i]!),
        ]),
      );
      const got = await weights(folder.referenceAfter(step));
      for (const [name, values] of expected)
        assert.deepEqual(got.get(name), values, `${name} after step ${String(step)}`);
    }
    assert.equal(lines[0]!.kl, 0);
    assert.ok(lines[1]!.kl! > 0 && lines[2]!.kl! > 0);
  });

  it('that is refreshed is the policy of that step: the KL is 0 to the bit in the step after', async () => {
    const { lines } = await lab.run('grpo.ref_model_mixup_alpha=1', 'grpo.ref_model_sync_steps=2');
    assert.deepEqual([lines[0]!.kl, lines[2]!.kl], [0, 0]);
    assert.ok(lines[1]!.kl! > 0 && lines[3]!.kl! > 0);
  });

  it('resumes to the bits of the unbroken run, and keeps the references of the checkpoints that are left', async () => {
    const config = await lab.assertResumes(['checkpoint.keep=2', 'grpo.ref_model_sync_steps=2'], 3);
    const folder = runFolder(config.run.dir);
    assert.deepEqual((await readdir(folder.references)).sort(), ['000002', '000004']);
    assert.deepEqual((await readdir(join(folder.references, '000004'))).sort(), ['config.json', 'model.safetensors']);
    const verified = await verifyRun({
      run: config.run.dir,
      tell: () => undefined,
      abort: new AbortController().signal,
    });
    assert.deepEqual(verified.apart, []);
  });
});
