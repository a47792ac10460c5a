// Builds the addon with cmake-js and with node-gyp and checks that both export the same names.
//   node scripts/compare_builds.mjs
import { createRequire } from 'node:module';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildByCmakeJs, buildByNodeGyp } from './setup/native.mjs';
import { RELEASE } from './setup/paths.mjs';
import { runStep } from './setup/step.mjs';

const require = createRequire(import.meta.url);

/** Every name an addon exports, and every method of the classes among them. */
function exportedNames(path) {
  return Object.entries(require(path))
    .flatMap(([name, value]) => [
      name,
      ...Object.getOwnPropertyNames(value.prototype ?? {}).map((key) => `${name}.${key}`),
    ])
    .sort();
}

const folder = mkdtempSync(join(tmpdir(), 'glossa-builds-'));
try {
  const names = {};
  for (const [tool, build] of [
    ['node-gyp', buildByNodeGyp],
    ['cmake-js', buildByCmakeJs],
  ]) {
    await runStep({ name: tool, run: () => build('glossa') });
    // A copy each: a file that is loaded once is not loaded again after it changed.
    const copy = join(folder, `${tool}.node`);
    copyFileSync(join(RELEASE, 'glossa.node'), copy);
    names[tool] = exportedNames(copy);
  }
  const only = (a, b) => names[a].filter((name) => !names[b].includes(name));
  const differences = [
    ...only('node-gyp', 'cmake-js').map((name) => `${name}: only in the node-gyp build`),
    ...only('cmake-js', 'node-gyp').map((name) => `${name}: only in the cmake-js build`),
  ];
  for (const line of differences) console.error(line);
  if (differences.length > 0) process.exitCode = 1;
  else console.log(`${String(names['cmake-js'].length)} names, the same in both builds`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
