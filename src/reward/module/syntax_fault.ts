import { spawnSync } from 'node:child_process';
import { readText } from '../../base/read_file.js';
import { moduleFiles } from './files.js';
import { stripTypes } from './typescript_hook.js';

/** Milliseconds to read a module's syntax. */
const TIME_LIMIT = 10_000;

/**
 * Where a module, or one beside it that it imports, is no JavaScript: the place and the line with a mark under it. Node says so
 * only where it ends a process by that error, and to whoever imports the module not at all. Nothing of the module is run.
 */
export async function syntaxFault(module: string): Promise<{ place: string; lines: string } | undefined> {
  for (const [path] of await moduleFiles(module)) {
    try {
      const text = await readText(path);
      const input = /\.m?ts$/.test(path) ? await stripTypes(text, path) : text;
      const type = path.endsWith('.cjs') ? 'commonjs' : 'module';
      const { stderr } = spawnSync(process.execPath, [`--input-type=${type}`, '--check', '-'], {
        input,
        encoding: 'utf8',
        timeout: TIME_LIMIT,
        env: { ...process.env, NODE_OPTIONS: '' },
      });
      const found = /^(?:file:.*)?\[(?:stdin|eval\d*)\]:(\d+)\n(.*)\n( *)(\^+)/m.exec(stderr);
      if (!found) continue;
      const [, line, source, before, mark] = found;
      return {
        place: `${path}:${line!}:${String(before!.length + 1)}`,
        lines: `    ${source!.slice(0, 200)}\n    ${before!}${mark!}`,
      };
    } catch {
      continue; // what cannot be read, or is more than types, has said so already
    }
  }
  return undefined;
}
