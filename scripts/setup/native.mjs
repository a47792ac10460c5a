// glossa.node and glossa-native, by cmake-js where there is CMake and by node-gyp elsewhere. Neither looks for Node's
// headers on the network: Node-API's come with the node-api-headers package.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { writeGypHeaders } from './gyp_headers.mjs';
import { BUILD, RELEASE, ROOT } from './paths.mjs';
import { wantsCuda } from './cuda.mjs';
import { findCmake, findProgram, requireCompiler, requireMake, requirePython } from './requirements.mjs';
import { clearStamp, contentHash, hasStamp, writeStamp } from './stamp.mjs';
import { runLogged, SetupFailure, toolEnvironment } from './step.mjs';

const FILES = { glossa: 'glossa.node', 'glossa-native': 'glossa-native' };
const jobs = String(availableParallelism());

// glossa-native finds the files of its tests by the folder it was built in; the addon may be moved.
const inputHash = (target) =>
  contentHash(
    ['CMakeLists.txt', 'binding.gyp', 'native', 'scripts/sources.mjs', 'scripts/setup', 'package-lock.json'],
    [
      process.platform,
      process.arch,
      process.env.CXX ?? '',
      process.env.CXXFLAGS ?? '',
      ...(wantsCuda() ? ['cuda', process.env.CUDA_HOME ?? ''] : []),
      ...(target === 'glossa-native' ? [ROOT] : []),
    ],
  );

export function nativeIsFresh(target) {
  return existsSync(join(RELEASE, FILES[target])) && hasStamp(target, inputHash(target));
}

/**
 * What share of a build is done, by what its command has said so far: make's percentages (`[ 42%]`), ninja's counts
 * (`[12/142]`), or the files that node-gyp has compiled.
 */
export const nativeProgress = (target) => (said) => {
  const percent = [...said.matchAll(/^\[ *(\d+)%\]/gm)].at(-1);
  if (percent !== undefined) return Number(percent[1]) / 100;
  const count = [...said.matchAll(/^\[(\d+)\/(\d+)\]/gm)].at(-1);
  if (count !== undefined) return Number(count[1]) / Number(count[2]);
  const compiled = said.match(/^ +CXX\(/gm)?.length ?? 0;
  return Math.min(1, compiled / sourceCount(target));
};

function sourceCount(target) {
  const list = readFileSync(join(ROOT, 'native', 'sources.txt'), 'utf8');
  const count = (group) => list.match(new RegExp(`^${group} `, 'gm'))?.length ?? 0;
  const variants = process.arch === 'x64' ? 4 : 1; // a kernel is compiled once per instruction set
  const own = target === 'glossa' ? count('addon') : count('tool') + count('test');
  return count('kernel') * variants + count('core') + own;
}

/** Builds one target: glossa (the addon) or glossa-native (tests, benches and checks). */
export async function buildNative(target) {
  const hash = inputHash(target);
  clearStamp(target);
  await (findCmake() === undefined ? buildByNodeGyp(target) : buildByCmakeJs(target));
  writeStamp(target, hash);
}

export async function buildByCmakeJs(target, out = join(BUILD, 'cmake')) {
  const cxx = requireCompiler();
  if (findProgram('ninja') === undefined) requireMake();
  const tool = [
    join(ROOT, 'node_modules', 'cmake-js', 'bin', 'cmake-js'),
    '--out',
    out,
    '--config',
    'Release',
    '--CDGLOSSA_TOOL=ON',
    `--CDGLOSSA_CUDA=${wantsCuda() ? 'ON' : 'OFF'}`,
  ];
  const env = toolEnvironment({ CXX: cxx });
  await runLogged(process.execPath, [...tool, 'configure'], { env });
  await runLogged(process.execPath, [...tool, 'build', '--target', target, '--parallel', jobs], { env });
  const made = [join(out, 'Release', FILES[target]), join(out, FILES[target])].find((path) => existsSync(path));
  if (made === undefined) throw new Error(`cmake-js built no ${FILES[target]} in ${out}`);
  publish(made, FILES[target]);
}

export async function buildByNodeGyp(target) {
  if (wantsCuda())
    throw new SetupFailure(
      'a build for NVIDIA GPUs needs CMake 3.20 or later: install it (apt-get install cmake), then run the same command again; `npm run build -- --no-cuda` builds for the CPU alone',
    );
  const cxx = requireCompiler();
  requireMake();
  const headers = writeGypHeaders();
  const env = toolEnvironment({ CXX: cxx, PYTHON: requirePython() });
  const tool = [join(ROOT, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js'), '--release', `--nodedir=${headers}`];
  await runLogged(process.execPath, [...tool, 'configure'], { env });
  await runLogged(process.execPath, [...tool, '--jobs', jobs, 'build', target], { env });
}

// By rename, so that a program that has the old file loaded keeps it, and nobody loads half a file.
function publish(from, name) {
  mkdirSync(RELEASE, { recursive: true });
  const temporary = join(RELEASE, `.${name}.tmp`);
  copyFileSync(from, temporary);
  chmodSync(temporary, 0o755);
  renameSync(temporary, join(RELEASE, name));
}
