import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The reference cases of this repository: docs/golden.md. */
export const GOLDEN_CASES = fileURLToPath(new URL('golden/cases', import.meta.url));

/** A path under the shared folder of data and golden cases: $GLOSSA_SHARED, or ../shared beside the repository. */
export function sharedPath(path: string): string {
  const root = process.env['GLOSSA_SHARED'] ?? fileURLToPath(new URL('../../shared', import.meta.url));
  return resolve(root, path);
}
