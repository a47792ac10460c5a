import { open, type FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeFileAtomic } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';
import { makeFolder } from '../base/folder.js';
import { readText, readTextIfThere } from '../base/read_file.js';
import { headOf, readAt, type StoredTensor } from '../base/safetensors.js';
import { BEYOND, readNumbers, writeNumbers, type StoredType } from '../base/stored_numbers.js';
import type { StoredDtype } from '../engine/types.js';
import { copyTokenizer, writeModelFolder } from '../run/index.js';
import { requireEmptyFolder } from './empty_folder.js';
import { mergeCard } from './merge_card.js';
import { openSource, type MergeSource } from './merge_source.js';

export interface MergeSettings {
  /** Folders of models or runs, or names of the hub, and the weight of each. */
  models: readonly { model: string; weight: number }[];
  /** With one, the differences to it are added up: base + sum of w_i (m_i - base). */
  base?: string;
  /** Folder to write; it must not be there, or be empty. */
  out: string;
  /** Type of the weights; default: that of each tensor in the first model. */
  dtype?: StoredDtype;
  warn: (message: string) => void;
}

export interface Merged {
  dir: string;
  parameters: number;
  tensors: number;
  /** Sum of the weights. */
  sum: number;
  dtype: StoredDtype | 'as stored';
}

const TYPES: Record<StoredDtype, StoredType> = { float32: 'F32', bfloat16: 'BF16', float16: 'F16' };
/** Numbers of one piece of a tensor: what is in memory at a time is a few pieces. */
const PIECE = 2 ** 20;

/**
 * Writes the weighted sum of models, tensor by tensor: sum of w_i m_i, or with a base base + sum of w_i (m_i - base) (task
 * arithmetic, Ilharco et al., arXiv 2212.04089). Sums are made in float64 in the order of the models, and rounded to float32 and
 * from there to the type. Tokenizer and config.json are the first model's. The folder appears whole or not at all.
 *
 * @throws GlossaError MERGE_MISMATCH (a tensor that not all have, or in another shape), MODEL_UNSUPPORTED (one that is not of
 *   float32, bfloat16 or float16), MODEL_ADAPTER, CHECKPOINT_NONFINITE, CHECKPOINT_RANGE (a sum that the type cannot hold), MODEL_NOT_FOUND,
 *   USAGE, IO_ERROR.
 */
export async function mergeModels({ models, base, out, dtype, warn }: MergeSettings): Promise<Merged> {
  const dir = resolve(out);
  await requireEmptyFolder(dir);
  const sources: MergeSource[] = [];
  for (const { model, weight } of models) sources.push(await openSource(model, weight, warn));
  // 0.7 + 0.2 + 0.1 is 1 to a reader.
  const sum = Number(sources.reduce((total, { weight }) => total + weight, 0).toPrecision(12));
  const from = base === undefined ? undefined : await openSource(base, 0, warn);
  const all = from ? [from, ...sources] : sources;
  checkTensors(all);
  await checkFolders(all, warn);
  const first = sources[0]!;
  const written = [...first.tensors.values()].map((tensor) => ({
    ...tensor,
    dtype: dtype === undefined ? tensor.dtype : TYPES[dtype],
  }));
  await makeFolder(join(dir, '..'));
  await writeModelFolder(
    dir,
    async (temporary) => {
      await writeSum(join(temporary, 'model.safetensors'), written, sources, from);
      await writeFileAtomic(join(temporary, 'config.json'), await configOf(first.dir, dtype));
      await copyTokenizer(first.dir, temporary);
      await writeFileAtomic(join(temporary, 'README.md'), mergeCard({ sources, base: from, dtype, sum }));
    },
    'the model',
  );
  return {
    dir,
    parameters: written.reduce((total, { shape }) => total + numbersIn(shape), 0),
    tensors: written.length,
    sum,
    dtype: dtype ?? 'as stored',
  };
}

const numbersIn = (shape: readonly number[]): number => shape.reduce((product, each) => product * each, 1);

/** All have the same tensors. */
function checkTensors([first, ...others]: readonly MergeSource[]): void {
  const mismatch = (message: string) =>
    new GlossaError('MERGE_MISMATCH', message, {
      hint: 'models can be added up where one was trained from the other, or all from the same: same shapes, same names',
    });
  for (const other of others) {
    for (const [one, two] of [
      [first!, other],
      [other, first!],
    ] as const) {
      const missing = [...one.tensors.keys()].find((name) => !two.tensors.has(name));
      if (missing !== undefined) throw mismatch(`${two.dir} has no ${missing}, which ${one.dir} has`);
    }
    for (const { name, shape } of first!.tensors.values()) {
      const theirs = other.tensors.get(name)!.shape;
      if (shape.join() !== theirs.join())
        throw mismatch(`${name} is [${shape.join(', ')}] in ${first!.dir} and [${theirs.join(', ')}] in ${other.dir}`);
    }
  }
}

/** Settings of config.json that do not say what the weights mean. */
const PASSING = new Set([
  '_name_or_path',
  'torch_dtype',
  'dtype',
  'transformers_version',
  'use_cache',
  'architectures',
]);

/** Says where models compute with the same weights in another way, or read other ids. */
async function checkFolders(
  [first, ...others]: readonly MergeSource[],
  warn: (message: string) => void,
): Promise<void> {
  const settings = await settingsOf(first!.dir);
  const tokenizer = await tokenizerOf(first!.dir);
  for (const { dir } of others) {
    const theirs = await settingsOf(dir);
    const names = [...new Set([...Object.keys(settings), ...Object.keys(theirs)])];
    const odd = names.filter(
      (key) => !PASSING.has(key) && JSON.stringify(settings[key]) !== JSON.stringify(theirs[key]),
    );
    if (odd.length > 0)
      warn(
        `${dir}: config.json has ${odd.join(', ')} otherwise than that of ${first!.dir}, whose settings are written`,
      );
    if ((await tokenizerOf(dir)) !== tokenizer)
      warn(`${dir} has another tokenizer than ${first!.dir}, whose tokenizer is written`);
  }
}

async function settingsOf(dir: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readText(join(dir, 'config.json'))) as Record<string, unknown>;
}

async function tokenizerOf(dir: string): Promise<string | undefined> {
  return readTextIfThere(join(dir, 'tokenizer.json'));
}

/** config.json of the first model, with the type that the weights have now. */
async function configOf(dir: string, dtype: StoredDtype | undefined): Promise<string> {
  const text = await readText(join(dir, 'config.json'));
  if (dtype === undefined) return text;
  const { dtype: newer, ...settings } = JSON.parse(text) as Record<string, unknown>;
  return `${JSON.stringify({ ...settings, [newer === undefined ? 'torch_dtype' : 'dtype']: dtype }, null, 2)}\n`;
}

async function writeSum(
  path: string,
  tensors: readonly StoredTensor[],
  sources: readonly MergeSource[],
  base: MergeSource | undefined,
): Promise<void> {
  const files = new Map<string, FileHandle>();
  const read = async ({ tensors: theirs }: MergeSource, name: string, from: number, numbers: number) => {
    const { path: file, start, dtype } = theirs.get(name)!;
    let handle = files.get(file);
    if (!handle) files.set(file, (handle = await open(file, 'r')));
    const width = dtype === 'F32' ? 4 : 2;
    return readNumbers(await readAt(handle, start + from * width, numbers * width), dtype as StoredType);
  };
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield headOf(tensors, { format: 'pt' });
    for (const { name, shape, dtype } of tensors) {
      const numbers = numbersIn(shape);
      for (let from = 0; from < numbers; from += PIECE) {
        const many = Math.min(PIECE, numbers - from);
        const ofBase = base && (await read(base, name, from, many));
        const sum = new Float64Array(many);
        for (const source of sources) add(sum, await read(source, name, from, many), source.weight, ofBase);
        if (ofBase) for (let i = 0; i < many; i++) sum[i]! += ofBase[i]!;
        checkRange(sum, name, dtype as StoredType);
        yield writeNumbers(sum, dtype as StoredType);
      }
    }
  }
  try {
    await writeFileAtomic(path, pieces());
  } finally {
    for (const handle of files.values()) await handle.close();
  }
}

function add(sum: Float64Array, model: Float64Array, weight: number, base: Float64Array | undefined): void {
  if (base) for (let i = 0; i < sum.length; i++) sum[i]! += weight * (model[i]! - base[i]!);
  else for (let i = 0; i < sum.length; i++) sum[i]! += weight * model[i]!;
}

function checkRange(sum: Float64Array, name: string, type: StoredType): void {
  for (const value of sum) {
    if (Math.abs(value) < BEYOND[type]) continue;
    if (Number.isFinite(value))
      throw new GlossaError('CHECKPOINT_RANGE', `${name}: the sum has ${String(value)}, which ${type} cannot hold`, {
        hint: 'take smaller weights, or --dtype float32',
      });
    throw new GlossaError('CHECKPOINT_NONFINITE', `${name}: a number is not finite in a model or in the sum`, {
      hint: 'look which of the models is broken: npx glossa eval tells',
    });
  }
}
