import { listRuns, type Selection } from './runs_list.js';
import { runsTable } from './runs_table.js';

export interface RunsOptions extends Selection {
  json?: boolean;
}

export async function runsCommand(dir: string, options: RunsOptions): Promise<void> {
  const list = await listRuns(dir, options);
  if (options.json) {
    for (const each of [...list.sweeps, ...list.runs, ...list.broken])
      process.stdout.write(`${JSON.stringify(each)}\n`);
    return;
  }
  const width = process.stdout.isTTY ? process.stdout.columns || 80 : Infinity;
  process.stdout.write(runsTable(list, dir, width));
}
