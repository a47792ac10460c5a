import { execFile } from 'node:child_process';
import { freemem } from 'node:os';
import { promisify } from 'node:util';
import { createEngine, measuredPeak, nativeInfo } from '../engine/index.js';
import { LANGUAGES } from '../language/types.js';
import type { Machine } from '../run/index.js';
import { describeMachine } from '../run/index.js';
import { tinyModel } from './tiny_model.js';

export interface Environment extends Machine {
  /** The instruction set that is used, of those this processor has. */
  isa: string;
  threads: number;
  /** What `--device` takes here. */
  devices: string[];
  /** Which GPUs there are, or why none can be used. */
  gpu: string;
  freeMemoryGb: number;
  /** Measured now, all threads: flop/s of multiply-adds. */
  peakFlops: { float32: number; bfloat16: number };
  /** Whether a font for the language is installed (fc-list); null where that cannot be asked. Only pictures need one. */
  fonts: Record<string, boolean | null>;
}

/** What glossa runs on. Loads the native engine, so it fails where that is missing, naming what to do. */
export async function examine(): Promise<Environment> {
  const machine = describeMachine();
  const { devices, gpu } = nativeInfo();
  const engine = await createEngine(tinyModel(), 1n, { device: 'cpu' });
  const { isa, threads } = engine.info();
  await engine.dispose();
  return {
    ...machine,
    isa,
    threads,
    devices,
    gpu,
    freeMemoryGb: Math.round(freemem() / 2 ** 27) / 8,
    peakFlops: {
      float32: measuredPeak({ dtype: 'float32' }),
      bfloat16: measuredPeak({ dtype: 'bfloat16' }),
    },
    fonts: Object.fromEntries(
      await Promise.all(LANGUAGES.map(async (language) => [language, await hasFont(language)] as const)),
    ),
  };
}

async function hasFont(language: string): Promise<boolean | null> {
  try {
    const { stdout } = await promisify(execFile)('fc-list', [`:lang=${language}`, 'family'], { timeout: 5000 });
    return stdout.trim() !== '';
  } catch {
    return null;
  }
}
