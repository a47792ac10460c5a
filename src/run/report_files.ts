import { basename } from 'node:path';

/** What `npx glossa report` writes into its pages and into the manifest of their figures. */
export const GENERATOR = 'glossa report';

/** The file beside a page's figures that names the page and every figure written for it; all else there is somebody's. */
export const MANIFEST = 'figures.json';

export interface Manifest {
  /** File name of the page. */
  page: string;
  /** File names of its figures. */
  files: string[];
}

/** Whether the head of a page says that glossa made it. */
export function hasGenerator(page: string): boolean {
  return page.includes(`content="${GENERATOR}"`);
}

/** The text of a manifest. */
export function manifestText(page: string, files: Iterable<string>): string {
  return `${JSON.stringify({ made_by: GENERATOR, page, files: [...new Set(files)].sort() }, null, 2)}\n`;
}

/**
 * A manifest that glossa wrote; undefined where it is none. File names only: it cannot make this program remove anything outside
 * its folder.
 */
export function parseManifest(text: string | undefined): Manifest | undefined {
  if (text === undefined) return undefined;
  try {
    const { made_by: by, page, files } = JSON.parse(text) as Record<string, unknown>;
    if (by !== GENERATOR || typeof page !== 'string' || !Array.isArray(files)) return undefined;
    const names = files.filter(
      (name): name is string => typeof name === 'string' && name === basename(name) && name.endsWith('.svg'),
    );
    return { page, files: names };
  } catch {
    return undefined;
  }
}
