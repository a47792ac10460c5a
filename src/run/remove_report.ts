import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextIfThere } from '../base/read_file.js';
import type { RunFolder } from './folder.js';
import { hasGenerator, MANIFEST, parseManifest } from './report_files.js';

/** Removes the page of a run and its figures, if glossa wrote them. */
export async function removeReport(folder: RunFolder): Promise<void> {
  const page = await readTextIfThere(folder.report).catch(() => undefined);
  if (page !== undefined && hasGenerator(page)) await rm(folder.report, { force: true });
  const manifest = join(folder.reportFigures, MANIFEST);
  const own = parseManifest(await readTextIfThere(manifest).catch(() => undefined));
  if (own === undefined) return;
  for (const name of own.files) await rm(join(folder.reportFigures, name), { force: true });
  await rm(manifest, { force: true });
  await rmdir(folder.reportFigures).catch(() => undefined); // somebody has put something else into it
}
