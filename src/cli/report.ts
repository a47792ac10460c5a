import { basename, join, resolve } from 'node:path';
import { writeReport } from '../report/index.js';
import { readRun } from '../run/index.js';

export interface ReportOptions {
  out?: string;
  title?: string;
}

export async function reportCommand(given: string[], { out, title }: ReportOptions): Promise<void> {
  const named = given.map((text) => {
    const [, label, dir] = /^([^=/\\]+)=(.+)$/.exec(text) ?? [];
    return label !== undefined && dir !== undefined ? { label, dir } : { label: basename(resolve(text)), dir: text };
  });
  const runs = await Promise.all(named.map(async ({ label, dir }) => ({ label, summary: await readRun(dir) })));
  const path = resolve(out ?? join(named[0]!.dir, 'report.html'));
  await writeReport(runs, path, title === undefined ? {} : { title });
  process.stdout.write(`${path}\n`);
}
