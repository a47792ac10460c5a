import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { BEYOND, readNumbers, writeNumbers, type StoredType } from '../../src/base/stored_numbers.js';
import { createEngine, loadEngine } from '../../src/engine/index.js';
import type { GlossaError } from '../../src/base/error.js';
import type { StoredDtype } from '../../src/engine/types.js';
import { mergeCommand } from '../../src/cli/merge.js';
import { mergeModels } from '../../src/export/index.js';
import { glossa } from '../e2e/glossa.js';
import { TINY } from '../engine/tiny.js';
import { readSafetensors } from '../logprobs/safetensors.js';

let root: string;
const at = (...parts: string[]) => join(root, ...parts);
const merge = async (
  models: Record<string, number>,
  out: string,
  more: { base?: string; dtype?: StoredDtype } = {},
) => {
  const warnings: string[] = [];
  const merged = await mergeModels({
    models: Object.entries(models).map(([name, weight]) => ({ model: at(name), weight })),
    out: at(out),
    warn: (message) => warnings.push(message),
    ...more,
  });
  return { ...merged, warnings };
};
const tensorsOf = (dir: string) => readSafetensors(join(dir, 'model.safetensors'));

/** Writes a tiny model of random weights. */
async function make(name: string, seed: bigint, { type = 'float32', config = TINY.config, shard = 0 } = {}) {
  const engine = await createEngine(config, seed);
  await mkdir(at(name));
  await engine.saveWeights(at(name), type as StoredDtype, ...(shard > 0 ? [shard] : []));
  await engine.dispose();
}

const other = (settings: object) => JSON.stringify({ ...(JSON.parse(TINY.config) as object), ...settings });

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-merge-'));
  await make('a', 1n);
  await make('b', 2n);
  await make('c', 3n);
});
after(() => rm(root, { recursive: true, force: true }));

/** A float64 as (mantissa, power of two), without rounding. */
function exact(value: number): { mantissa: bigint; power: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & ((1n << 52n) - 1n);
  const size = exponent === 0 ? fraction : fraction + (1n << 52n);
  return { mantissa: bits >> 63n ? -size : size, power: Math.max(exponent, 1) - 1075 };
}
const SCALE = 2400;
/** value x 2^2400, a whole number where 2^-2400 divides it. */
const scaled = (value: number): bigint => {
  const { mantissa, power } = exact(value);
  return mantissa << BigInt(power + SCALE / 2);
};
/** a x b x 2^2400. */
const product = (a: number, b: number): bigint => {
  const [one, two] = [exact(a), exact(b)];
  return (one.mantissa * two.mantissa) << BigInt(one.power + two.power + SCALE);
};

/** That `got` is the nearest float32 of what the sum is by whole numbers, or off by no more than float64 is. */
function assertNearest(got: number, sum: bigint, size: bigint, place: string): void {
  const { power } = exact(Math.fround(got));
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(got) || Number.MIN_VALUE)), -126);
  const halfStep = 1n << BigInt(exponent - 24 + SCALE);
  const off = (scaled(got) << BigInt(SCALE / 2)) - sum;
  // float64 rounds a few times, each by 2^-53 of the largest term.
  const allowed = halfStep + (size >> 50n);
  assert.ok((off < 0n ? -off : off) <= allowed, `${place}: ${String(got)} (${String(power)})`);
}

describe('merged models', () => {
  it('are the weighted sum of each number, by whole-number arithmetic', async () => {
    await merge({ a: 0.3, b: -0.45, c: 1.7 }, 'sum');
    const [a, b, c, sum] = ['a', 'b', 'c', 'sum'].map((name) => tensorsOf(at(name)));
    assert.deepEqual([...sum!.keys()].sort(), [...a!.keys()].sort());
    for (const [name, { shape, values }] of sum!) {
      assert.deepEqual(shape, a!.get(name)!.shape);
      const [x, y, z] = [a!, b!, c!].map((model) => model.get(name)!.values);
      for (let i = 0; i < values.length; i++) {
        const terms = [product(0.3, x![i]!), product(-0.45, y![i]!), product(1.7, z![i]!)];
        const size = terms.reduce((most, term) => (term < 0n ? -term : term) + most, 0n);
        assertNearest(values[i]!, terms[0]! + terms[1]! + terms[2]!, size, `${name}[${String(i)}]`);
      }
    }
  });

  it('are a base with weighted differences to it', async () => {
    const out = at('task');
    const args = [at('a'), at('b'), '--weights', '0.5,0.25', '--base', at('c'), '--out', out, '--json'];
    const { code, stdout, stderr } = await glossa(['merge', ...args]);
    assert.equal(code, 0, stderr);
    const told = JSON.parse(stdout) as { sum: number; parameters: number; tensors: number };
    const [a, b, c, task] = ['a', 'b', 'c', 'task'].map((name) => tensorsOf(at(name)));
    assert.deepEqual([told.sum, told.tensors], [0.75, task!.size]);
    let numbers = 0;
    for (const [name, { values }] of task!) {
      numbers += values.length;
      const [x, y, z] = [a!, b!, c!].map((model) => model.get(name)!.values);
      for (let i = 0; i < values.length; i++) {
        // c + 0.5 (a - c) + 0.25 (b - c) in other words
        const terms = [product(0.5, x![i]!), product(0.25, y![i]!), product(0.25, z![i]!)];
        const size = terms.reduce((most, term) => (term < 0n ? -term : term) + most, 0n);
        assertNearest(values[i]!, terms[0]! + terms[1]! + terms[2]!, size * 4n, `${name}[${String(i)}]`);
      }
    }
    assert.equal(told.parameters, numbers);
    const card = await readFile(join(out, 'README.md'), 'utf8');
    assert.match(card, /base \+ sum of weight x \(model - base\)/);
    assert.match(card, /sum to 0\.75, and not to 1/);
    assert.match(card, /\| a \| 0\.5 \|.*\n\| b \| 0\.25 \|/);
    assert.ok(!card.includes(root), 'the card tells where files lay');
  });

  it('are the model itself where its weight is 1, to the byte, and open as a model', async () => {
    await merge({ a: 1 }, 'same');
    const [a, same] = [tensorsOf(at('a')), tensorsOf(at('same'))];
    for (const [name, { values }] of a) assert.deepEqual(same.get(name)!.values, values, name);
    const engine = await loadEngine(at('same'), { frozen: true });
    await engine.dispose();
  });

  it('read shards and 16-bit weights, and write in the type asked for', async () => {
    await make('halves', 1n, { type: 'float16', shard: 20_000 });
    assert.ok((await readdir(at('halves'))).includes('model.safetensors.index.json'));
    await make('brains', 1n, { type: 'bfloat16' });
    await merge({ halves: 0.5, brains: 0.5 }, 'both', { dtype: 'float32' });
    const exactly = tensorsOf(at('a'));
    for (const [name, { values }] of tensorsOf(at('both'))) {
      const whole = exactly.get(name)!.values;
      // Half of a float16 (11 bits) and half of a bfloat16 (8 bits), each the nearest.
      values.forEach((value, i) => {
        const bound = Math.abs(whole[i]!) * (2 ** -12 + 2 ** -9) + 2 ** -26;
        assert.ok(Math.abs(value - whole[i]!) <= bound, `${name}[${String(i)}]`);
      });
    }
    await merge({ a: 1 }, 'b16', { dtype: 'bfloat16' });
    // The engine writes bfloat16 by a rounding of its own.
    const theirs = await readFile(at('brains', 'model.safetensors'));
    const ours = await readFile(at('b16', 'model.safetensors'));
    for (const [name, bytes] of tensorBytes(theirs)) assert.ok(tensorBytes(ours).get(name)!.equals(bytes), name);
    const config = JSON.parse(await readFile(at('b16', 'config.json'), 'utf8')) as Record<string, unknown>;
    assert.equal(config['dtype'] ?? config['torch_dtype'], 'bfloat16');
  });

  it('tell of settings and tokenizers that are not the same', async () => {
    await make('turned', 2n, { config: other({ rope_theta: 500 }) });
    const { warnings } = await merge({ a: 0.5, turned: 0.5 }, 'warned');
    assert.match(warnings.join('\n'), /turned: config\.json has rope_/);
  });

  it('are refused where they do not fit together, and nothing is left', async () => {
    const refused = (
      code: string,
      message: RegExp,
      ...[models, more]: [Record<string, number>, { dtype?: StoredDtype }?]
    ) =>
      assert.rejects(merge(models, 'x', more), (error: GlossaError) => {
        assert.deepEqual([error.code, message.test(error.message)], [code, true], error.message);
        return true;
      });
    await make('wide', 1n, { config: other({ intermediate_size: 48 }) });
    await refused('MERGE_MISMATCH', /mlp.* is \[.*\] in .*a and \[.*\] in .*wide/, { a: 1, wide: 1 });
    await make('deep', 1n, { config: other({ num_hidden_layers: 3 }) });
    await refused('MERGE_MISMATCH', /a has no model\.layers\.2/, { a: 1, deep: 1 });
    await refused('MODEL_NOT_FOUND', /nothing/, { nothing: 1 });
    await refused('CHECKPOINT_RANGE', /F16 cannot hold/, { a: 1e6 }, { dtype: 'float16' });
    await cp(at('a'), at('broken'), { recursive: true });
    const bytes = await readFile(at('a', 'model.safetensors'));
    const write = (content: Buffer) => writeFile(at('broken', 'model.safetensors'), content);
    const broken = Buffer.from(bytes);
    broken.writeFloatLE(NaN, broken.length - 4);
    await write(broken);
    await refused('CHECKPOINT_NONFINITE', /not finite/, { a: 1, broken: 1 });
    await write(bytes.subarray(0, bytes.length - 4));
    await refused('CHECKPOINT_TRUNCATED', /ends before .* does/, { a: 1, broken: 1 });
    await write(bytes.subarray(0, 40));
    await refused('CHECKPOINT_TRUNCATED', /ends within its header/, { a: 1, broken: 1 });
    await assert.rejects(merge({ a: 1 }, 'b'), /not empty/);
    const asked = (weights: string) => mergeCommand([at('a'), at('b')], { out: at('x'), weights });
    await assert.rejects(asked('1'), /--weights 1: 1 for 2 models/);
    await assert.rejects(asked('1,x'), /--weights x: expected a number/);
    await assert.rejects(asked('0,0'), /other than 0/);
    assert.ok(!(await readdir(root)).some((name) => name === 'x' || name.startsWith('.')));
  });
});

function tensorBytes(file: Buffer): Map<string, Buffer> {
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, 8 + length)) as Record<string, { data_offsets: [number, number] }>;
  delete header['__metadata__'];
  return new Map(
    Object.entries(header).map(
      ([
        name,
        {
          data_offsets: [from, to],
        },
      ]) => [name, file.subarray(8 + length + from, 8 + length + to)],
    ),
  );
}

describe('stored numbers', () => {
  /** By search among all codes of a type: the nearest, of two as near the one whose code is even. */
  function nearest(value: number, type: StoredType, all: Float64Array): number {
    let [best, found] = [Infinity, 0];
    all.forEach((candidate, code) => {
      const off = Math.abs(candidate - value);
      if (off < best || (off === best && code % 2 === 0)) [best, found] = [off, code];
    });
    return found;
  }

  for (const type of ['F16', 'BF16'] as const) {
    it(`of ${type} are read as IEEE 754 has them and written as the nearest`, () => {
      const codes = Uint16Array.from({ length: 2 ** 16 }, (_, code) => code);
      const all = readNumbers(Buffer.from(codes.buffer), type);
      const finite = [...all.keys()].filter((code) => Number.isFinite(all[code]));
      // Every finite one comes back.
      const back = writeNumbers(
        Float64Array.from(finite, (code) => all[code]!),
        type,
      );
      finite.forEach((code, i) => {
        assert.equal(back.readUInt16LE(2 * i), code);
      });
      assert.deepEqual(
        [all[0x3c00], all[0x0001], all[0x7bff], all[0xc000]],
        type === 'F16' ? [1, 2 ** -24, 65504, -2] : [2 ** -7, 2 ** -133, 1.9921875 * 2 ** 120, -2],
      );
      const positive = all.slice(0, 0x7c00);
      const draws = Array.from({ length: 400 }, (_, i) => {
        const code = (i * 7919) % (type === 'F16' ? 0x7bfe : 0x7b00);
        const [low, high] = [all[code]!, all[code + 1]!];
        return Math.fround(low + (high - low) * [0, 0.25, 0.5, 0.75, 0.4999][i % 5]!);
      });
      const written = writeNumbers(Float64Array.from(draws), type);
      draws.forEach((value, i) => {
        assert.equal(written.readUInt16LE(2 * i), nearest(value, type, positive), String(value));
      });
    });
  }

  it('become infinite from the bound on', () => {
    for (const [type, infinite] of [
      ['F16', 0x7c00],
      ['BF16', 0x7f80],
    ] as const) {
      const below = BEYOND[type] * (1 - 2 ** -20);
      const written = writeNumbers(Float64Array.of(BEYOND[type], below), type);
      assert.deepEqual([written.readUInt16LE(0), written.readUInt16LE(2)], [infinite, infinite - 1]);
    }
  });
});
