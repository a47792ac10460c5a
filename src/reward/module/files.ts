import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exists } from '../../base/exists.js';
import { readText } from '../../base/read_file.js';

/** What names another file in a module: `from './x.mjs'`, `import './x.mjs'`, `import('./x.mjs')`, `require('./x.cjs')`. */
const IMPORTS = /(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\()\s*(['"`])((?:\.{0,2}\/|file:)[^'"`\n]+)\1/g;

/**
 * A module and the files beside it that it imports, directly or through others, in the order found: `[path, what it is called
 * from the module's folder]`. Packages are not followed, nor names that are put together while the module runs.
 */
export async function moduleFiles(module: string): Promise<[path: string, name: string][]> {
  const found = new Set([resolve(module)]);
  for (const path of found) {
    const text = await readText(path).catch(() => ''); // whoever loads the module says what is wrong with it
    for (const [, , name] of text.matchAll(IMPORTS)) {
      const imported = name!.startsWith('file:') ? pathOf(name!) : resolve(dirname(path), name!);
      if (imported === undefined) continue;
      const file = await firstThere([imported, imported.replace(/\.([cm]?)js$/, '.$1ts')]);
      if (file !== undefined) found.add(file);
    }
  }
  const from = dirname(resolve(module));
  return [...found].map((path) => [path, relative(from, path)]);
}

/** TypeScript names what it imports by the name it is compiled to. */
async function firstThere(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await exists(path)) return path;
  return undefined;
}

/** Undefined where no file can have that URL: another machine's, or one that is none. */
function pathOf(url: string): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}
