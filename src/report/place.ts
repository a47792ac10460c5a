import { lstat, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeFileAtomic } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import { makeFolder } from '../base/folder.js';
import { readTextIfThere } from '../base/read_file.js';
import { hasGenerator, MANIFEST, manifestText, parseManifest } from '../run/index.js';

/**
 * Where a page and its figures lie: `report.html` and `report-figures/`. The folder is the page's own; figures.json in it names
 * the page and every file that was written for it, and nothing else is ever replaced or removed.
 */
export interface Place {
  page: string;
  figures: string;
  /** Figures of the page that stood here before. */
  before: readonly string[];
}

/**
 * Looks whether a page may be written to `out`; writes nothing.
 *
 * @throws GlossaError REPORT_PLACE where a folder, a file that is no page of glossa, or a folder of figures that is not the
 *   page's own is in the way; IO_ERROR.
 */
export async function findPlace(out: string): Promise<Place> {
  const figures = join(dirname(out), `${basename(out).replace(/\.html?$/i, '')}-figures`);
  await refuseOther(out);
  const entries = await readdir(figures).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw taken(figures, 'is no folder that can be read');
  });
  if (entries === undefined) return { page: out, figures, before: [] };
  const manifest = parseManifest(await readTextIfThere(join(figures, MANIFEST)));
  if (manifest === undefined && entries.length > 0) throw taken(figures, 'holds files that no report wrote');
  if (manifest !== undefined && manifest.page !== basename(out))
    throw taken(figures, `belongs to another page, ${manifest.page}`);
  return { page: out, figures, before: manifest?.files ?? [] };
}

/** Writes figures and page, and removes figures of the page before that this one does not have. */
export async function writePlace(
  { page, figures, before }: Place,
  html: string,
  files: ReadonlyMap<string, string>,
): Promise<void> {
  const names = [...files.keys()];
  for (const name of names) {
    if (!before.includes(name) && (await exists(join(figures, name))))
      throw taken(join(figures, name), 'was not written by this report');
  }
  await makeFolder(files.size > 0 || before.length > 0 ? figures : dirname(page));
  const claim = (claimed: readonly string[]) =>
    writeFileAtomic(join(figures, MANIFEST), manifestText(basename(page), claimed));
  // Claimed before they are written: a kill in between leaves no file that nobody owns.
  if (names.length > 0) await claim([...before, ...names]);
  for (const [name, svg] of files) await writeFileAtomic(join(figures, name), svg);
  await writeFileAtomic(page, html);
  for (const name of before.filter((old) => !files.has(old))) await rm(join(figures, name), { force: true });
  if (names.length > 0) await claim(names);
}

async function refuseOther(out: string): Promise<void> {
  const found = await lstat(out).catch(() => undefined);
  if (found === undefined) return;
  if (found.isDirectory()) {
    throw new GlossaError('REPORT_PLACE', `${out} is a folder, and a report is one file`, {
      hint: `--out ${join(out, 'report.html')}`,
    });
  }
  const text = await readTextIfThere(out);
  // Pages of the first versions have no generator, but a last line.
  if (text !== undefined && text !== '' && !hasGenerator(text) && !text.includes('Made by glossa.'))
    throw taken(out, 'is no page of glossa');
}

function taken(path: string, why: string): GlossaError {
  return new GlossaError('REPORT_PLACE', `${path} ${why}: it is left as it is`, {
    hint: 'name another file with --out, or move what is there',
  });
}
