// src to dist by tsc; and the command line from there to dist/bundle, where it starts in a third of the time: of some 650 small
// files, half of them of packages, few are left.
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from './paths.mjs';
import { clearStamp, contentHash, hasStamp, writeStamp } from './stamp.mjs';
import { runLogged, toolEnvironment } from './step.mjs';

const DIST = join(ROOT, 'dist');
const BUNDLE = join(DIST, 'bundle');
/** The command line, and what it starts as threads and processes: those are looked for beside it. */
const ENTRIES = ['cli/main.js', 'reward/worker.js', 'reward/module/module_main.js', 'reward/module/typescript_hook.js'];
/** Of packages that are native, or large and seldom needed. */
const LEFT_OUT = ['tokenizers', 'vega', 'vega-lite', 'ts-blank-space', 'typescript'];

function inputHash() {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const packages = ['typescript', 'esbuild'].map((name) => lock.packages[`node_modules/${name}`]?.version);
  return contentHash(['src', 'tsconfig.json', 'scripts/setup/typescript.mjs', 'package-lock.json'], packages);
}

export const typeScriptIsFresh = () => existsSync(join(BUNDLE, 'main.js')) && hasStamp('typescript', inputHash());

export async function compileTypeScript() {
  const hash = inputHash();
  clearStamp('typescript');
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  await runLogged(process.execPath, [tsc, '--project', ROOT, '--pretty', 'false'], { env: toolEnvironment() });
  removeOrphans(DIST, join(ROOT, 'src'));
  await bundle();
  writeStamp('typescript', hash);
}

async function bundle() {
  const { build } = await import('esbuild');
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES.map((entry) => join(DIST, entry)),
    outdir: BUNDLE,
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    external: LEFT_OUT,
    keepNames: true,
    legalComments: 'eof',
    logLevel: 'error',
    metafile: true,
    // What packages of the older kind of module ask for.
    banner: {
      js: "import { createRequire as moduleRequire } from 'node:module'; const require = moduleRequire(import.meta.url);",
    },
  });
  const made = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
  for (const name of readdirSync(BUNDLE)) if (!made.has(name)) rmSync(join(BUNDLE, name), { recursive: true });
}

/** What was compiled from a source that is gone would still be found by imports. */
function removeOrphans(compiled, source) {
  for (const name of readdirSync(compiled)) {
    const path = join(compiled, name);
    if (path === BUNDLE) continue;
    if (statSync(path).isDirectory()) {
      if (existsSync(join(source, name))) removeOrphans(path, join(source, name));
      else rmSync(path, { recursive: true });
    } else if (!existsSync(join(source, name.replace(/\.(d\.ts|js|js\.map)$/, '.ts')))) {
      rmSync(path);
    }
  }
}
