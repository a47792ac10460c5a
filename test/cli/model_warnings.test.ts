import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { createEngine } from '../../src/engine/index.js';
import { glossa } from '../e2e/glossa.js';
import { TINY } from '../engine/tiny.js';
import { BYTES, folder } from '../tokenizer/bytes.js';

/** A safetensors file with one more float32 tensor of one element. */
async function addTensor(path: string, name: string): Promise<void> {
  const bytes = await readFile(path);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<string, { data_offsets: number[] }>;
  const data = bytes.subarray(8 + length);
  const text = Buffer.from(
    JSON.stringify({ ...header, [name]: { dtype: 'F32', shape: [1], data_offsets: [data.length, data.length + 4] } }),
  );
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  await writeFile(path, Buffer.concat([size, text, data, Buffer.alloc(4)]));
}

describe('a model folder with what is of no use', () => {
  let dir: string;
  const score = async () => {
    const ended = await glossa(['logprobs', join(dir, 'rows.jsonl'), '--model', dir, '--threads', '1']);
    assert.equal(ended.code, 0, ended.stderr);
    return ended;
  };
  before(async () => {
    const config = { ...(JSON.parse(TINY.config) as object), vocab_size: 300, eos_token_id: 256 };
    dir = await folder({
      'tokenizer.json': BYTES,
      'rows.jsonl': '{"prompt_ids":[1,2,3],"completion_ids":[4,5,6]}\n',
    });
    const engine = await createEngine(JSON.stringify(config), 5n, { threads: 1 });
    await engine.saveWeights(dir);
    await engine.dispose();
  });

  it('scores as without it, and says what is left out', async () => {
    const plain = await score();
    assert.doesNotMatch(plain.stderr, /warning/);
    await addTensor(join(dir, 'model.safetensors'), 'v_head.summary.weight');
    await writeFile(join(dir, 'generation_config.json'), '{"eos_token_id":[256,99999]}');
    const config = JSON.parse(await readFile(join(dir, 'config.json'), 'utf8')) as object;
    await writeFile(
      join(dir, 'config.json'),
      JSON.stringify({ ...config, sliding_window: 2, attention_dropout: 0.1, architectures: ['LlamaModel'] }),
    );
    const spoilt = await score();
    assert.equal(spoilt.stdout, plain.stdout);
    for (const part of [/v_head\.summary\.weight/, /99999.*generation_config\.json/, /attention_dropout/, /LlamaModel/])
      assert.match(spoilt.stderr, new RegExp(`^warning: .*${part.source}`, 'm'));
    const asked = ['sample', '--model', dir, '--prompt', 'a', '--style', 'plain', '--max-tokens', '4'];
    const sampled = await glossa(asked);
    assert.equal(sampled.code, 0, sampled.stderr);
  });
});
