import { GlossaError } from '../base/error.js';
import { namesIn } from '../base/folder.js';

/** @throws GlossaError USAGE where something is in the folder that `--out` names. */
export async function requireEmptyFolder(dir: string): Promise<void> {
  if ((await namesIn(dir)).length > 0)
    throw new GlossaError('USAGE', `${dir} is there already, and not empty`, { hint: 'name a new folder with --out' });
}
