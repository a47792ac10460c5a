import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { GlossaError } from '../base/error.js';
import { nativeInfo } from '../engine/index.js';

export interface BenchOptions {
  model?: string;
  device?: string;
  dtype?: string;
  compare?: string;
  allow?: boolean;
  small?: boolean;
  json?: boolean;
}

const WHAT = ['decode', 'train', 'step', 'all', 'kernels'] as const;

/** Runs the native benches: a published model's shape with random weights, or operators one by one. */
export async function benchCommand(what: string, options: BenchOptions): Promise<number> {
  if (!(WHAT as readonly string[]).includes(what))
    throw new GlossaError('USAGE', `bench ${what}: expected ${WHAT.join(', ')}`, { hint: 'npx glossa bench --help' });
  const { model, device, dtype, compare, allow, small, json } = options;
  if (what === 'kernels' && (model ?? dtype) !== undefined)
    throw new GlossaError(
      'USAGE',
      'bench kernels takes neither --model nor --dtype: its operands have shapes of their own',
    );
  const asked =
    what === 'kernels'
      ? ['kernels']
      : ['engine', '--model', model ?? 'qwen2.5-0.5b', '--dtype', nativeDtype(dtype ?? 'bfloat16'), '--what', what];
  const flags = Object.entries({ small, json, allow }).flatMap(([flag, given]) => (given ? [`--${flag}`] : []));
  const values = Object.entries({ device, compare }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  const tool = nativeTool();
  return new Promise((resolve, reject) => {
    const child = spawn(tool, ['bench', ...asked, ...values, ...flags], { stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (code !== null) resolve(code);
      else reject(new GlossaError('NATIVE_ERROR', `${tool} was ended by ${String(signal)}`));
    });
  });
}

const DTYPES: Readonly<Record<string, string>> = { float32: 'f32', bfloat16: 'bf16' };

function nativeDtype(name: string): string {
  const dtype = DTYPES[name];
  if (dtype === undefined)
    throw new GlossaError('USAGE', `--dtype ${name}: expected ${Object.keys(DTYPES).join(' or ')}`);
  return dtype;
}

/** glossa-native lies beside the addon. */
function nativeTool(): string {
  const tool = join(dirname(nativeInfo().path), 'glossa-native');
  if (existsSync(tool)) return tool;
  throw new GlossaError('NATIVE_NOT_FOUND', `the benches are in ${tool}, which is not there`, {
    hint: 'Build it: npm run build',
  });
}
