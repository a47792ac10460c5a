import { join, resolve } from 'node:path';
import { exists } from '../base/exists.js';
import { writeReport, type ReportRun } from '../report/index.js';
import { readRun } from '../run/index.js';

export interface ReportOptions {
  out?: string;
  title?: string;
}

export async function reportCommand(given: string[], { out, title }: ReportOptions): Promise<void> {
  const runs = await Promise.all(given.map(named));
  const path = resolve(out ?? join(runs[0]!.summary.dir, 'report.html'));
  await writeReport(runs, path, title === undefined ? {} : { title });
  process.stdout.write(`${path}\n`);
}

/** `folder` or `label=folder`; a folder that has an equals sign in its name is a folder. */
async function named(text: string): Promise<ReportRun> {
  const [, label, dir] = /^([^=/\\]+)=(.+)$/.exec(text) ?? [];
  if (label === undefined || dir === undefined || (await exists(join(text, 'run.json'))))
    return { summary: await readRun(text) };
  return { label, summary: await readRun(dir) };
}
