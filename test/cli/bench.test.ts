import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { nativeInfo } from '../../src/engine/index.js';
import { glossa } from '../e2e/glossa.js';

const skip = existsSync(join(dirname(nativeInfo().path), 'glossa-native'))
  ? false
  : 'glossa-native is not built: npm run build';
const last = (text: string): string => text.trim().split('\n').at(-1)!;
interface Result {
  bench: string;
  results: { what: string; tokens_per_s: number }[];
}

describe('glossa bench', { skip }, () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'glossa-bench-'));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  it('times decoding, training and a whole step, with JSON as the last line, beside an earlier run', async () => {
    const { code, stdout, stderr } = await glossa(['bench', 'all', '--small']);
    assert.equal(code, 0, stderr);
    const whole = JSON.parse(last(stdout)) as Result;
    const { bench, results } = whole;
    assert.equal(bench, 'engine');
    assert.deepEqual(
      results.map(({ what }) => what),
      ['decode', 'train', 'step'],
    );
    // An earlier run that was a thousand times as fast.
    const faster = results.map((one) => ({ ...one, tokens_per_s: 1000 * one.tokens_per_s }));
    const earlier = join(dir, 'earlier.txt');
    await writeFile(earlier, `the table\n${JSON.stringify({ ...whole, results: faster })}\n`);
    const compare = ['bench', 'decode', '--small', '--compare', earlier];
    const slower = await glossa(compare);
    assert.equal(slower.code, 1);
    assert.match(slower.stdout, /decode +0\.\d+ of the earlier rate, SLOWER/);
    assert.equal((JSON.parse(last(slower.stdout)) as Result).bench, 'engine');
    assert.equal((await glossa([...compare, '--allow'])).code, 0);
    // Of another type it is no measure.
    const other = await glossa([...compare, '--allow', '--dtype', 'float32']);
    assert.equal(other.code, 2);
    assert.match(other.stderr, /BENCH_DIFFERS: .*earlier\.txt: dtype is bfloat16 there and float32 in this run/);
  });

  it('refuses what it does not know', async () => {
    const { code, stderr } = await glossa(['bench', 'everything']);
    assert.notEqual(code, 0);
    assert.match(stderr, /expected decode, train, step, all, kernels/);
    for (const [args, told] of [
      [['decode', '--small', '--dtype', 'f16'], /--dtype f16: expected float32 or bfloat16/],
      [['decode', '--model', 'tiny'], /--what decode: expected sample, train or all/],
      [['kernels', '--small', '--dtype', 'float32'], /bench kernels takes neither --model nor --dtype/],
    ] as const) {
      const wrong = await glossa(['bench', ...args]);
      assert.equal(wrong.code, 2);
      assert.match(wrong.stderr, told);
    }
    const none = await glossa(['bench', 'decode', '--small', '--compare', join(dir, 'none.txt')]);
    assert.equal(none.code, 2);
  });
});
