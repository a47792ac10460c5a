import { rm, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readTextIfThere } from '../base/read_file.js';
import type { RunFolder } from './folder.js';

/** What `npx glossa report` writes into its pages and into figures.json. */
const GENERATOR = 'glossa report';

/** Removes the page of a run and its figures, if glossa wrote them. */
export async function removeReport(folder: RunFolder): Promise<void> {
  const page = await readTextIfThere(folder.report).catch(() => undefined);
  if (page?.includes(`content="${GENERATOR}"`)) await rm(folder.report, { force: true });
  const manifest = join(folder.reportFigures, 'figures.json');
  const figures = ownFigures(await readTextIfThere(manifest).catch(() => undefined));
  if (figures === undefined) return;
  for (const name of figures) await rm(join(folder.reportFigures, name), { force: true });
  await rm(manifest, { force: true });
  await rmdir(folder.reportFigures).catch(() => undefined); // somebody has put something else into it
}

/** Names of the figures that figures.json claims for the page; undefined where it is not the report's. */
function ownFigures(text: string | undefined): string[] | undefined {
  try {
    const { made_by: by, files } = JSON.parse(text ?? '') as { made_by?: unknown; files?: unknown };
    if (by !== GENERATOR || !Array.isArray(files)) return undefined;
    return files.filter(
      (name) => typeof name === 'string' && name === basename(name) && name.endsWith('.svg'),
    ) as string[];
  } catch {
    return undefined;
  }
}
