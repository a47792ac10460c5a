import { GlossaError } from '../base/error.js';
import type { StoredDtype } from '../engine/types.js';
import { exportRun } from '../export/index.js';
import { numberOption } from './arguments.js';
import { warn } from './display.js';
import { figure } from './format.js';

export interface ExportCommandOptions {
  out: string;
  step?: string;
  dtype?: string;
  json?: boolean;
}

const TYPES: readonly StoredDtype[] = ['float32', 'bfloat16', 'float16'];

export async function exportCommand(run: string, { out, step, dtype, json }: ExportCommandOptions): Promise<void> {
  const type = TYPES.find((each) => each === dtype);
  if (dtype !== undefined && type === undefined)
    throw new GlossaError('USAGE', `--dtype ${dtype}: expected ${TYPES.join(', ')}`);
  const exported = await exportRun({
    run,
    out,
    warn,
    ...(step !== undefined && { step: numberOption('step', step, { min: 0, whole: true }) }),
    ...(type && { dtype: type }),
  });
  process.stdout.write(
    json
      ? `${JSON.stringify(exported)}\n`
      : `${exported.dir}\n${figure(exported.parameters / 1e6)} M parameters in ${exported.dtype}, after step ${String(exported.step)}; README.md says how they were trained\n`,
  );
}
