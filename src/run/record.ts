import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';
import { nearPath } from '../base/near_path.js';
import { readTextIfThere } from '../base/read_file.js';
import type { EngineInfo } from '../engine/types.js';
import type { Language } from '../language/types.js';
import type { LabSettings } from '../lab/types.js';

/** run.json: what was asked, what it ran on, how it ended. */
export interface RunRecord {
  format: 1;
  name: string;
  /** The resolved config; `glossa train --resume` reads it back. */
  config: unknown;
  /** The lab model's whole recipe, where the config asks for one: what the config leaves out may be other in a later version. */
  lab?: LabSettings;
  status: 'running' | 'finished' | 'interrupted' | 'failed';
  /** Of the last failure. */
  error?: { code: string; message: string };
  seed: number;
  started: string;
  ended?: string;
  /** Each time the run was taken up again. */
  resumed: { step: number; at: string; set: string[] }[];
  machine: Machine;
  /** Known once the model is loaded. */
  model?: EngineInfo;
  /** Of the training problems; known once they are read. */
  languages?: Language[];
}

export interface Machine {
  glossa: string;
  node: string;
  platform: string;
  cpu: string;
  cores: number;
  memoryGb: number;
  /** Path of the native module, its version and the instruction sets this processor has. */
  native: { path: string; version: string; isas: string[] };
}

export async function writeRecord(path: string, record: RunRecord): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(record, null, 2)}\n`);
}

async function runHint(dir: string): Promise<string> {
  const near = await nearPath(dir);
  return near === undefined ? 'name the folder that `glossa train` wrote' : `did you mean ${near}?`;
}

/** @throws GlossaError RUN_NOT_FOUND, RUN_CORRUPT. */
export async function readRecord(dir: string): Promise<RunRecord> {
  const path = join(dir, 'run.json');
  const text = await readTextIfThere(path);
  if (text === undefined) {
    throw new GlossaError('RUN_NOT_FOUND', `${dir} is not the folder of a run: no run.json in it`, {
      hint: await runHint(dir),
    });
  }
  try {
    const record = JSON.parse(text) as RunRecord;
    if (record.format === 1) return record;
  } catch {
    // reported below
  }
  throw new GlossaError('RUN_CORRUPT', `${path}: not a run.json that this version reads`);
}
