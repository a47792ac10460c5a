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
  /** Bytes of this process, which has computed nothing yet. */
  node: number;
}

export async function localMachine(): Promise<LocalMachine> {
  const cores = coresOf();
  const [pins, gpus, memory] = [canPin(cores), visibleGpus(), await availableMemory()];
  return { cores, pins, gpus, memory, node: process.memoryUsage().rss };
}

function visibleGpus(): string[] {
  const found = nativeInfo().devices.filter((name) => name.startsWith('cuda'));
  const named = process.env['CUDA_VISIBLE_DEVICES']?.split(',').filter((name) => name.trim() !== '');
  return found.length === 0 ? [] : (named ?? found.map((_, i) => String(i)));
}
