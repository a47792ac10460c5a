import { join, resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import { writeReport, writeSweepReport, type ReportRun } from '../report/index.js';
import { readRun } from '../run/index.js';
import { readSweep, sweepFolder } from '../sweep/index.js';
import { sweepPage } from './sweep_report.js';

export interface ReportOptions {
  out?: string;
  title?: string;
}

export async function reportCommand(given: string[], options: ReportOptions): Promise<void> {
  const sweep = await sweepAmong(given);
  const path = sweep === undefined ? await reportRuns(given, options) : await reportSweep(sweep, options);
  process.stdout.write(`${path}\n`);
}

async function reportRuns(given: readonly string[], { out, title }: ReportOptions): Promise<string> {
  const runs = await Promise.all(given.map(named));
  const path = resolve(out ?? join(runs[0]!.summary.dir, 'report.html'));
  await writeReport(runs, path, title === undefined ? {} : { title });
  return path;
}

async function reportSweep(dir: string, { out, title }: ReportOptions): Promise<string> {
  const path = resolve(out ?? join(dir, 'report.html'));
  await writeSweepReport(await sweepPage(await readSweep(dir)), path, title === undefined ? {} : { title });
  return path;
}

/** The folder of a sweep, if that is what is to be drawn. @throws GlossaError USAGE where there is more beside it. */
async function sweepAmong(given: readonly string[]): Promise<string | undefined> {
  for (const dir of given) {
    if (!(await exists(sweepFolder(dir).record))) continue;
    if (given.length === 1) return dir;
    throw new GlossaError('USAGE', `${dir} is the folder of a sweep, and a sweep has a page of its own`, {
      hint: `npx glossa report ${dir}; runs of it are drawn side by side by their folders, ${join(dir, 'runs')}/...`,
    });
  }
  return undefined;
}

/** `folder` or `label=folder`; a folder that has an equals sign in its name is a folder. */
async function named(text: string): Promise<ReportRun> {
  const [, label, dir] = /^([^=/\\]+)=(.+)$/.exec(text) ?? [];
  if (label === undefined || dir === undefined || (await exists(join(text, 'run.json'))))
    return { summary: await readRun(text) };
  return { label, summary: await readRun(dir) };
}
