import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { loadEngine, planMemory } from '../../src/engine/index.js';
import { createTiny, ragged, TINY } from './tiny.js';

const folders: string[] = [];
after(async () => {
  for (const dir of folders) await rm(dir, { recursive: true });
});

interface Stored {
  shape: number[];
  data_offsets: [number, number];
}

/** The bytes of every tensor of a file. */
async function tensorsOf(path: string): Promise<Map<string, Buffer>> {
  const file = await readFile(path);
  const data = 8 + Number(file.readBigUInt64LE());
  const header = JSON.parse(file.toString('utf8', 8, data)) as Record<string, Stored>;
  return new Map(
    Object.entries(header)
      .filter(([name]) => name !== '__metadata__')
      .map(
        ([
          name,
          {
            data_offsets: [from, to],
          },
        ]) => [name, file.subarray(data + from, data + to)],
      ),
  );
}

const step = { prompts: ragged([1, 2, 3]), completions: ragged([4, 5, 6]), learningRate: 1e-2 };
const trainable = ['model.layers.1.*', '!*norm*'];
const trains = (name: string) => name.startsWith('model.layers.1.') && !name.includes('norm');

async function checkpointAfter(steps: number): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'glossa-trainable-'));
  folders.push(dir);
  const engine = await createTiny({ trainable });
  for (let i = 0; i < steps; i++) await engine.supervisedStep(step);
  await engine.saveCheckpoint(dir);
  await engine.dispose();
  return dir;
}

describe('an engine that trains a part of its tensors', () => {
  it('moves those alone, and keeps optimizer state of those alone', async () => {
    const [before, moved] = await Promise.all([checkpointAfter(0), checkpointAfter(2)]);
    const was = await tensorsOf(join(before, 'model.safetensors'));
    const now = await tensorsOf(join(moved, 'model.safetensors'));
    for (const [name, bytes] of now) assert.equal(!bytes.equals(was.get(name)!), trains(name), name);
    const state = [...(await tensorsOf(join(moved, 'state.safetensors'))).keys()];
    const names = [...now.keys()].filter(trains);
    assert.deepEqual(state.sort(), names.flatMap((name) => [`exp_avg.${name}`, `exp_avg_sq.${name}`]).sort());
  });

  it('says how many parameters train', async () => {
    const [whole, part, frozen] = await Promise.all([
      createTiny(),
      createTiny({ trainable }),
      createTiny({ trainable, frozen: true }),
    ]);
    const counts = [whole, part, frozen].map((engine) => engine.info().trainableParameters);
    assert.deepEqual(counts, [whole.info().parameters, 32 * (32 + 2 * 16) + 32 * 32 + 3 * 32 * 64, 0]);
    await Promise.all([whole, part, frozen].map((engine) => engine.dispose()));
  });

  it('goes on only from a state of the same tensors', async () => {
    const dir = await checkpointAfter(1);
    const state = join(dir, 'state.safetensors');
    const others = await loadEngine(dir, { threads: 1, trainable: ['model.layers.*'] });
    await assert.rejects(others.loadState(state), {
      code: 'CHECKPOINT_MISMATCH',
      message: /exp_avg\.model\.layers\.0\..* is missing: .* trains here/,
    });
    assert.equal(others.info().optimizerStep, 0);
    await others.dispose();
    const same = await loadEngine(dir, { threads: 1, trainable });
    await same.loadState(state);
    assert.equal(same.info().optimizerStep, 1);
    await same.dispose();
  });

  it('needs less memory, as planned', () => {
    const run = {
      generations: [],
      step: { prompts: 2, samples: 2, promptTokens: 8, newTokens: 8 },
      microBatchTokens: 0,
      reference: false,
    };
    const bytes = (patterns: string[], name: string) =>
      planMemory(TINY.config, run, { threads: 1, trainable: patterns }).terms.find((term) => term.name === name)!.bytes;
    assert.equal(bytes(trainable, 'optimizer moments'), 8 * (32 * (32 + 2 * 16) + 32 * 32 + 3 * 32 * 64));
    for (const name of ['gradients', 'weights, transposed', 'micro-batch: activations'])
      assert.ok(bytes(trainable, name) < bytes(['*'], name), name);
  });

  it('is refused where a pattern names nothing, or all of them leave nothing', async () => {
    await assert.rejects(createTiny({ trainable: ['*.mlp.*', 'model.layer.*'] }), {
      code: 'TRAINABLE_UNKNOWN',
      message: /"model\.layer\.\*".*model\.layers\.\*\.mlp\.down_proj\.weight/,
    });
    await assert.rejects(createTiny({ trainable: ['*.mlp.*', '!*'] }), { code: 'TRAINABLE_NONE' });
    await assert.rejects(createTiny({ trainable: '*' as never }), { code: 'INVALID_ARGUMENT' });
    await assert.rejects(createTiny({ trainable: [1 as never] }), { code: 'INVALID_ARGUMENT' });
  });
});
