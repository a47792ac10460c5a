import { exportRun } from '../export/index.js';
import { numberOption, storedTypeOption } from './arguments.js';
import { warn } from './display.js';
import { figure } from './format.js';

export interface ExportCommandOptions {
  out: string;
  step?: string;
  dtype?: string;
  adapter?: boolean;
  json?: boolean;
}

export async function exportCommand(
  run: string,
  { out, step, dtype, adapter = false, json }: ExportCommandOptions,
): Promise<void> {
  const type = storedTypeOption(dtype);
  const exported = await exportRun({
    run,
    out,
    adapter,
    warn,
    ...(step !== undefined && { step: numberOption('step', step, { min: 0, whole: true }) }),
    ...(type && { dtype: type }),
  });
  process.stdout.write(
    json
      ? `${JSON.stringify(exported)}\n`
      : `${exported.dir}\n${figure(exported.parameters / 1e6)} M parameters in ${exported.dtype}, after step ${String(exported.step)}, ${exported.why}; README.md says how they were trained\n`,
  );
}
