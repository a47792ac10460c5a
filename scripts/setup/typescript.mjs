// src to dist by tsc.
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.mjs';
import { clearStamp, contentHash, hasStamp, writeStamp } from './stamp.mjs';
import { runLogged, toolEnvironment } from './step.mjs';

const DIST = join(ROOT, 'dist');

function inputHash() {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  return contentHash(['src', 'tsconfig.json'], [lock.packages['node_modules/typescript']?.version]);
}

export const typeScriptIsFresh = () => existsSync(join(DIST, 'cli', 'main.js')) && hasStamp('typescript', inputHash());

export async function compileTypeScript() {
  const hash = inputHash();
  clearStamp('typescript');
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  await runLogged(process.execPath, [tsc, '--project', ROOT, '--pretty', 'false'], { env: toolEnvironment() });
  removeOrphans(DIST, join(ROOT, 'src'));
  writeStamp('typescript', hash);
}

/** What was compiled from a source that is gone would still be found by imports. */
function removeOrphans(compiled, source) {
  for (const name of readdirSync(compiled)) {
    const path = join(compiled, name);
    if (statSync(path).isDirectory()) {
      if (existsSync(join(source, name))) removeOrphans(path, join(source, name));
      else rmSync(path, { recursive: true });
    } else if (!existsSync(join(source, name.replace(/\.(d\.ts|js|js\.map)$/, '.ts')))) {
      rmSync(path);
    }
  }
}
