import { join } from 'node:path';
import { compareRuns } from '../analysis/index.js';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import { recordedConfig } from '../inputs/index.js';
import type { RunRecord } from '../run/index.js';
import { sweepFolder } from '../sweep/index.js';
import { numberOption } from './arguments.js';
import { comparisonText } from './comparison_text.js';

export interface CompareOptions {
  step?: string;
  json?: boolean;
}

export async function compareCommand(a: string, b: string, { step, json }: CompareOptions): Promise<void> {
  for (const dir of [a, b]) {
    if (await exists(sweepFolder(dir).record))
      throw new GlossaError('USAGE', `${dir} is the folder of a sweep; two runs are compared`, {
        hint: `name runs of it, ${join(dir, 'runs')}/...; npx glossa report ${dir} holds all of them against each other`,
      });
  }
  const comparison = await compareRuns([a, b], {
    read: withDefaults,
    ...(step !== undefined && { step: numberOption('step', step, { min: 0, whole: true }) }),
  });
  process.stdout.write(json ? `${JSON.stringify(comparison)}\n` : comparisonText(comparison));
}

/** A config that this version cannot go by is compared as it was written. */
function withDefaults(record: RunRecord, dir: string): unknown {
  try {
    return recordedConfig(record, dir);
  } catch (error) {
    if (error instanceof GlossaError) return record.config;
    throw error;
  }
}
