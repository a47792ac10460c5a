import { availableMemory } from '../base/memory.js';
import { nativeInfo } from '../engine/index.js';
import { canPin, coresOf } from './cores.js';

/** What runs on this machine may use. */
export interface LocalMachine {
  /** By number. */
  cores: readonly number[];
  /** Whether a run can be given cores of its own. */
  pins: boolean;
  /** What CUDA_VISIBLE_DEVICES calls them. */
  gpus: readonly string[];
  /** Bytes that are free; undefined where the system does not tell. */
  memory: number | undefined;
}

export async function localMachine(): Promise<LocalMachine> {
  const cores = coresOf();
  return { cores, pins: canPin(cores), gpus: visibleGpus(), memory: await availableMemory() };
}

function visibleGpus(): string[] {
  const found = nativeInfo().devices.filter((name) => name.startsWith('cuda'));
  const named = process.env['CUDA_VISIBLE_DEVICES']?.split(',').filter((name) => name.trim() !== '');
  return found.length === 0 ? [] : (named ?? found.map((_, i) => String(i)));
}
